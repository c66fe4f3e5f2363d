// Package auth turns the choices of a person (--auth, --tenant, --client-id, a
// certificate, the environment) into a transport.TokenSource, through azidentity.
//
// Tokens live in memory, in the credential's own cache; nothing secret is written
// anywhere. Sign-in goes through transport.SignIn, which reaches the authority and
// nothing else. A refused sign-in becomes an Error that says why in words and what
// to do next.
package auth

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"tenantaudit/internal/transport"
)

// The values of --auth.
const (
	Default          = "default"
	DeviceCode       = "device-code"
	Browser          = "browser"
	ClientSecret     = "client-secret"
	Certificate      = "certificate"
	ManagedIdentity  = "managed-identity"
	WorkloadIdentity = "workload-identity"
	AzureCLI         = "azure-cli"
	StaticToken      = "token"
)

// Methods lists the values of --auth in the order of the help text.
func Methods() []string {
	return []string{Default, DeviceCode, Browser, ClientSecret, Certificate, ManagedIdentity, WorkloadIdentity, AzureCLI, StaticToken}
}

// Options are a person's choices.
type Options struct {
	Method      string
	Tenant      string
	ClientID    string
	Certificate string // path of a PEM or PFX file
	Cloud       Cloud
	Authority   *url.URL // overrides the cloud's authority and switches instance discovery off; nil: none
	RootCAs     *x509.CertPool
	Env         func(string) string // nil: os.Getenv
	Prompt      io.Writer           // where a device code is shown
}

// ErrUsage marks an error of the person's input, as opposed to a refused sign-in.
var ErrUsage = errors.New("usage")

func usage(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrUsage, fmt.Sprintf(format, a...))
}

// New checks the choices and returns the source of tokens. No request is sent yet.
// Input errors are ErrUsage.
func New(o Options) (transport.TokenSource, error) {
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.Method == StaticToken {
		return newStatic(o)
	}
	if o.Method == "" {
		o.Method = Default
	}
	b := builder{o: o}
	b.answers = &answers{client: b.httpClient()}
	cred, err := b.credential()
	if err != nil {
		return nil, err
	}
	return &source{cred: cred, method: o.Method, tenant: o.Tenant, answers: b.answers, pauses: renewalPauses, held: map[string]transport.Token{}, ended: map[string]error{}}, nil
}

type builder struct {
	o       Options
	answers *answers
}

func (b builder) authority() string {
	if b.o.Authority != nil {
		return b.o.Authority.String()
	}
	return b.o.Cloud.Authority
}

func (b builder) httpClient() *transport.SignIn {
	c := transport.SignInConfig{RootCAs: b.o.RootCAs}
	if u, err := url.Parse(b.authority()); err == nil {
		c.Hosts = append(c.Hosts, u.Host)
	}
	if b.o.Authority == nil {
		c.Hosts = append(c.Hosts, "login.microsoft.com", "login.microsoftonline.com") // instance discovery of MSAL
		if b.o.Cloud.Name == "china" {
			c.Hosts = append(c.Hosts, "login.chinacloudapi.cn")
		}
	}
	if b.o.Method == ManagedIdentity || b.o.Method == Default {
		c.Metadata = append(c.Metadata, "169.254.169.254")
		for _, name := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT"} {
			if u, err := url.Parse(b.o.Env(name)); err == nil && u.Host != "" {
				c.Metadata = append(c.Metadata, u.Host)
			}
		}
	}
	return transport.NewSignIn(c)
}

func (b builder) clientOptions() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: b.authority()},
		Transport: b.answers,
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Retry:     policy.RetryOptions{MaxRetries: 2, RetryDelay: time.Second, MaxRetryDelay: 5 * time.Second},
	}
}

func (b builder) needClientID() error {
	if b.o.ClientID == "" {
		return usage("--auth %s needs --client-id (or AZURE_CLIENT_ID): the application's id from its registration", b.o.Method)
	}
	return nil
}

func (b builder) credential() (azcore.TokenCredential, error) {
	noDiscovery := b.o.Authority != nil
	opts := b.clientOptions()
	switch b.o.Method {
	case Default:
		return wrapCred(azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: opts, TenantID: b.o.Tenant, DisableInstanceDiscovery: noDiscovery}))
	case AzureCLI:
		return wrapCred(azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: b.o.Tenant}))
	case ManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: opts}
		if b.o.ClientID != "" {
			o.ID = azidentity.ClientID(b.o.ClientID)
		}
		return wrapCred(azidentity.NewManagedIdentityCredential(o))
	case WorkloadIdentity:
		return wrapCred(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: opts, ClientID: b.o.ClientID, TenantID: b.o.Tenant, DisableInstanceDiscovery: noDiscovery}))
	}
	if err := b.needClientID(); err != nil {
		return nil, err
	}
	switch b.o.Method {
	case DeviceCode:
		return wrapCred(azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{ClientOptions: opts, ClientID: b.o.ClientID, TenantID: b.o.Tenant, DisableInstanceDiscovery: noDiscovery,
			UserPrompt: b.prompt()}))
	case Browser:
		return wrapCred(azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{ClientOptions: opts, ClientID: b.o.ClientID, TenantID: b.o.Tenant, DisableInstanceDiscovery: noDiscovery}))
	case ClientSecret:
		secret := b.o.Env("AZURE_CLIENT_SECRET")
		if secret == "" {
			return nil, usage("--auth client-secret needs the secret in the environment variable AZURE_CLIENT_SECRET (never a flag: other users of the machine see flags)")
		}
		return wrapCred(azidentity.NewClientSecretCredential(b.o.Tenant, b.o.ClientID, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: opts, DisableInstanceDiscovery: noDiscovery}))
	case Certificate:
		certs, key, err := loadCertificate(b.o.Certificate, b.o.Env("AZURE_CLIENT_CERTIFICATE_PASSWORD"), time.Now())
		if err != nil {
			return nil, err
		}
		if _, ok := key.(*rsa.PrivateKey); !ok {
			return nil, usage("--certificate %s: the key is no RSA key, and other kinds cannot sign in; make a certificate with an RSA key", b.o.Certificate)
		}
		return b.certificate(certs, key, opts, noDiscovery)
	}
	return nil, usage("unknown --auth %q: use one of %s", b.o.Method, strings.Join(Methods(), ", "))
}

// prompt shows a device code. A second one means that what the first gave was not enough.
func (b builder) prompt() func(context.Context, azidentity.DeviceCodeMessage) error {
	times := 0
	return func(_ context.Context, m azidentity.DeviceCodeMessage) error {
		begin := "To sign in"
		if times++; times > 1 {
			begin = "The sign-in is needed once more: the service no longer accepts the last one. To sign in"
		}
		_, err := fmt.Fprintf(b.o.Prompt, "%s, open %s and enter the code %s\n", begin, printable(m.VerificationURL), printable(m.UserCode))
		return err
	}
}

func (b builder) certificate(certs []*x509.Certificate, key crypto.PrivateKey, opts azcore.ClientOptions, noDiscovery bool) (azcore.TokenCredential, error) {
	return wrapCred(azidentity.NewClientCertificateCredential(b.o.Tenant, b.o.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: opts, DisableInstanceDiscovery: noDiscovery, SendCertificateChain: true}))
}

// wrapCred turns a constructor's typed result into the interface; its errors are
// about the input.
func wrapCred[T azcore.TokenCredential](c T, err error) (azcore.TokenCredential, error) {
	if err != nil {
		return nil, usage("%s", oneLine(err.Error()))
	}
	return c, nil
}
