package graph

import (
	"context"
	"errors"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoft/kiota-abstractions-go/store"
)

// errNeverSends is what every sending method of silentAdapter answers.
var errNeverSends = errors.New("graph: the SDK describes requests here, it does not send them")

// silentAdapter is the request adapter that the SDK's builders are given. They need one
// to exist; the product asks them for a RequestInformation alone and sends it through
// its own transport, below whose guard nothing but a read gets out.
type silentAdapter struct{}

var _ abs.RequestAdapter = silentAdapter{}

func (silentAdapter) Send(context.Context, *abs.RequestInformation, serialization.ParsableFactory, abs.ErrorMappings) (serialization.Parsable, error) {
	return nil, errNeverSends
}

func (silentAdapter) SendEnum(context.Context, *abs.RequestInformation, serialization.EnumFactory, abs.ErrorMappings) (any, error) {
	return nil, errNeverSends
}

func (silentAdapter) SendCollection(context.Context, *abs.RequestInformation, serialization.ParsableFactory, abs.ErrorMappings) ([]serialization.Parsable, error) {
	return nil, errNeverSends
}

func (silentAdapter) SendEnumCollection(context.Context, *abs.RequestInformation, serialization.EnumFactory, abs.ErrorMappings) ([]any, error) {
	return nil, errNeverSends
}

func (silentAdapter) SendPrimitive(context.Context, *abs.RequestInformation, string, abs.ErrorMappings) (any, error) {
	return nil, errNeverSends
}

func (silentAdapter) SendPrimitiveCollection(context.Context, *abs.RequestInformation, string, abs.ErrorMappings) ([]any, error) {
	return nil, errNeverSends
}

func (silentAdapter) SendNoContent(context.Context, *abs.RequestInformation, abs.ErrorMappings) error {
	return errNeverSends
}

func (silentAdapter) ConvertToNativeRequest(context.Context, *abs.RequestInformation) (any, error) {
	return nil, errNeverSends
}

func (silentAdapter) GetSerializationWriterFactory() serialization.SerializationWriterFactory {
	return nil
}

func (silentAdapter) EnableBackingStore(store.BackingStoreFactory) {}
func (silentAdapter) SetBaseUrl(string)                            {}
func (silentAdapter) GetBaseUrl() string                           { return "" }
