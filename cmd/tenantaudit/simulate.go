package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenantaudit/internal/auth"
	"tenantaudit/internal/faketenant"
	"tenantaudit/internal/transport"
)

// tenantOptions shape the simulated tenant.
type tenantOptions struct {
	mailboxes int
	apps      int
	seed      int64
	profile   string
	now       string
	deny      []string
	denyStyle string
	access    string
	latency   time.Duration
	cmdlet    time.Duration
	inFlight  int
	noP2      bool
	signIn    string
	cloud     string
	faults    []string
}

func (o *tenantOptions) bind(f *pflag.FlagSet) {
	f.IntVar(&o.mailboxes, "mailboxes", 250, "number of mailboxes")
	f.IntVar(&o.apps, "service-principals", 0, "number of further applications")
	f.Int64Var(&o.seed, "seed", 1, "seed: the same seed gives the same tenant")
	f.StringVar(&o.now, "now", "", "the tenant's date, such as 2026-11-01 (default: the first day of this month)")
	f.StringVar(&o.profile, "profile", "default", "default (every situation) or clean (nothing to find)")
	f.StringSliceVar(&o.deny, "deny", nil, "cmdlets, Graph paths or datasets that the identity may not read")
	f.StringVar(&o.denyStyle, "deny-style", "", "how Exchange refuses: nul403, json403, entity401 or 400notfound")
	f.StringVar(&o.access, "access", "", "what the identity may do: "+strings.Join(faketenant.AccessProfiles(), ", ")+" (default: everything)")
	f.DurationVar(&o.latency, "latency", 0, "time before every answer")
	f.DurationVar(&o.cmdlet, "cmdlet-latency", 0, "time that every cmdlet takes; the cmdlets of a batch run one after the other")
	f.IntVar(&o.inFlight, "in-flight", 0, "requests that Exchange works on at a time; one more is refused (0: any number)")
	f.BoolVar(&o.noP2, "no-p2", false, "a tenant without Entra ID P2")
	f.StringSliceVar(&o.faults, "fault", nil, "faults as name, name:n for each n-th request or name@n for the n-th, with *t for t times at most, such as throttle429:20 or mailboxfault@51*9; names are in the simulator's guide")
	f.StringVar(&o.cloud, "tenant-cloud", "global", "national cloud that the tenant says it lives in: global, usgov, usgovdod or china")
	f.StringVar(&o.signIn, "sign-in-error", "", "AADSTS code with which the token endpoint refuses")
}

func (o *tenantOptions) tenant() (*faketenant.Tenant, error) {
	var faults []faketenant.Fault
	for _, f := range o.faults {
		fault, err := parseFault(f)
		if err != nil {
			return nil, err
		}
		faults = append(faults, fault)
	}
	now := tenantClock()
	if o.now != "" {
		var err error
		if now, err = time.Parse(time.DateOnly, o.now); err != nil {
			return nil, usageError("--now %q is no date such as 2026-11-01", o.now)
		}
	}
	t, err := faketenant.New(faketenant.Options{
		Now:       now,
		Mailboxes: o.mailboxes, ServicePrincipals: o.apps, Seed: o.seed, Profile: o.profile, Deny: o.deny, DenyStyle: o.denyStyle, Access: o.access, Latency: o.latency, InvocationLatency: o.cmdlet, InFlight: o.inFlight, NoP2: o.noP2, SignInError: o.signIn, SignIn: faketenant.SignIn{Cloud: o.cloud}, Faults: faults,
	})
	if err != nil {
		return nil, usageError("%s", err)
	}
	return t, nil
}

// tenantClock is the date of the simulated tenant: near enough to today that what is short-lived
// there has not expired, and the same for a month, so that the same seed gives the same tenant.
func tenantClock() time.Time {
	y, m, _ := time.Now().UTC().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

// parseFault reads "name", "name:n" (each n-th request) and "name@n" (the n-th only; for
// faults of one mailbox the n-th mailbox), each with "*t" behind it for t hits at most.
func parseFault(f string) (faketenant.Fault, error) {
	rest, times, hasTimes := strings.Cut(f, "*")
	name, every, hasEvery := strings.Cut(rest, ":")
	name, at, hasAt := strings.Cut(name, "@")
	fault := faketenant.Fault{Name: name}
	for _, n := range []struct {
		given bool
		text  string
		into  *int
	}{{hasEvery, every, &fault.Every}, {hasAt, at, &fault.At}, {hasTimes, times, &fault.Times}} {
		if !n.given {
			continue
		}
		v, err := strconv.Atoi(n.text)
		if err != nil || v < 1 {
			return fault, usageError("--fault %q: want name, name:n or name@n, with *t behind it for t times at most", f)
		}
		*n.into = v
	}
	return fault, nil
}

func (a *app) simulateCommand() *cobra.Command {
	var o tenantOptions
	var listen, listenTLS, caFile, answerKey string
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Serve the simulated tenant: Graph, Exchange admin API and sign-in",
		Long: `simulate serves a simulated tenant on loopback for trials, training and integration
tests, until it is interrupted. It prints one JSON object with its base URLs, the
tenant id and ready access tokens on stdout. With --listen-tls it also serves https with
a certificate made for the occasion, whose authority is written to --ca-file; sign-in
libraries insist on https.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := o.tenant()
			if err != nil {
				return err
			}
			if answerKey != "" {
				if err := writeJSON(answerKey, t.AnswerKey()); err != nil {
					return err
				}
			}
			return a.simulate(cmd.Context(), t, listen, listenTLS, caFile)
		},
	}
	o.bind(c.Flags())
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "address to serve http on; a loopback address")
	c.Flags().StringVar(&listenTLS, "listen-tls", "", "address to serve https on as well; a loopback address")
	c.Flags().StringVar(&caFile, "ca-file", "simulator-ca.pem", "where the certificate authority of --listen-tls is written")
	c.Flags().StringVar(&answerKey, "answer-key", "", "write the answer key (what a correct review has to say) to this file")
	return c
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o600); err != nil {
		return usageError("%s: %s", path, reason(err))
	}
	return nil
}

// endpoints is what simulate prints.
type endpoints struct {
	TenantID      string            `json:"tenantId"`
	DefaultDomain string            `json:"defaultDomain"`
	ClientID      string            `json:"clientId"`
	ClientSecret  string            `json:"clientSecret"`
	HTTP          *baseURLs         `json:"http,omitempty"`
	TLS           *baseURLs         `json:"tls,omitempty"`
	CACertificate string            `json:"caCertificate,omitempty"`
	Tokens        map[string]string `json:"tokens"` // graph, exchange: good for this simulator alone
}

type baseURLs struct {
	Graph     string `json:"graph"`
	Exchange  string `json:"exchange"`
	Authority string `json:"authority"`
}

func (a *app) simulate(ctx context.Context, t *faketenant.Tenant, listen, listenTLS, caFile string) error {
	global, err := auth.CloudByName("global")
	if err != nil {
		return err
	}
	out := endpoints{
		TenantID: t.ID(), DefaultDomain: t.DefaultDomain(), ClientID: t.ClientID(), ClientSecret: faketenant.SimulatorSecret,
		Tokens: map[string]string{"graph": t.Token(global.Graph), "exchange": t.Token(global.Exchange)},
	}
	var servers []*server
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	plain, err := serve(ctx, t.Handler(), listen, nil)
	if err != nil {
		return err
	}
	servers = append(servers, plain)
	out.HTTP = &baseURLs{plain.url, plain.url, plain.url}
	if listenTLS != "" {
		cert, ca, err := loopbackCertificate()
		if err != nil {
			return err
		}
		if err := os.WriteFile(caFile, ca, 0o600); err != nil {
			return usageError("--ca-file %s: %s", caFile, reason(err))
		}
		secure, err := serve(ctx, t.Handler(), listenTLS, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}})
		if err != nil {
			return err
		}
		servers = append(servers, secure)
		out.TLS, out.CACertificate = &baseURLs{secure.url, secure.url, secure.url}, caFile
	}
	if err := json.NewEncoder(a.out).Encode(out); err != nil {
		return err
	}
	<-ctx.Done()
	return nil // an interrupt is how this command ends
}

// server is one listening simulator.
type server struct {
	url  string
	http *http.Server
	done chan error
}

func serve(ctx context.Context, h http.Handler, address string, secure *tls.Config) (*server, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !loopback(host) {
		return nil, usageError("%q is no loopback address like 127.0.0.1:0: the simulator serves this machine only", address)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, usageError("listen on %s: %s", address, err)
	}
	s := &server{url: "http://" + l.Addr().String(), done: make(chan error, 1),
		http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, TLSConfig: secure}}
	go func() {
		if secure != nil {
			s.done <- s.http.ServeTLS(l, "", "")
			return
		}
		s.done <- s.http.Serve(l)
	}()
	if secure != nil {
		s.url = "https://" + l.Addr().String()
	}
	return s, nil
}

func (s *server) stop() {
	_ = s.http.Close() // nothing that is served needs a farewell
	<-s.done
}

// loopbackCertificate makes a certificate authority and a certificate for 127.0.0.1,
// ::1 and localhost, good for a day.
func loopbackCertificate() (tls.Certificate, []byte, error) {
	now := time.Now()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tenantaudit simulator"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, MaxPathLenZero: true,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), nil
}

// simulatorTokens hands out the simulator's own tokens, for demo.
type simulatorTokens struct {
	tenant *faketenant.Tenant
	byURL  map[string]string // scope -> audience
}

func (s simulatorTokens) Token(_ context.Context, scope, _ string) (transport.Token, error) {
	audience, ok := s.byURL[scope]
	if !ok {
		return transport.Token{}, fmt.Errorf("%w: scope %q", transport.ErrSignIn, scope)
	}
	return transport.Token{Value: transport.Secret(s.tenant.Token(audience)), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (a *app) demoCommand() *cobra.Command {
	var o tenantOptions
	var audit auditOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the main job on an embedded simulated tenant; needs no account and no network",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(audit.outputOptions.validate(), audit.scopeOptions.validate()); err != nil {
				return err
			}
			t, err := o.tenant()
			if err != nil {
				return err
			}
			return a.demo(cmd.Context(), t, &audit)
		},
	}
	o.bind(c.Flags())
	c.Flags().StringSliceVar(&audit.checks, "checks", nil, "check ids or areas to run (default: all)")
	c.Flags().StringSliceVar(&audit.skipChecks, "skip-checks", nil, "check ids or areas to leave out")
	c.Flags().StringVar(&audit.folders, "folders", "default", "folders whose permissions are read: default, all or none")
	c.Flags().BoolVar(&audit.noPreflight, "no-preflight", false, "do not look first at what can be read")
	audit.outputOptions.bind(c.Flags(), "folder for the review (default review-demo)")
	return c
}

// demo is audit against an embedded tenant: real HTTP on loopback, the same pipeline.
func (a *app) demo(ctx context.Context, t *faketenant.Tenant, o *auditOptions) error {
	srv, err := serve(ctx, t.Handler(), "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	defer srv.stop()
	o.tenant, o.auth, o.cloud = t.ID(), auth.StaticToken, "global"
	o.graphURL, o.exchangeURL = srv.url, srv.url
	if err := o.connectOptions.validate(); err != nil {
		return err
	}
	if o.out == "" {
		o.out = "review-demo"
	}
	if err := writable(o.out); err != nil {
		return err
	}
	if err := clearDemo(ctx, o.out, t.ID()); err != nil {
		return err
	}
	s, err := a.connectWith(ctx, &o.connectOptions, simulatorTokens{t, map[string]string{o.env.GraphScope: o.env.Graph, o.env.ExchangeScope: o.env.Exchange}}, a.waits())
	if err != nil {
		return err
	}
	defer s.close()
	return interrupted(a.auditInto(ctx, s, o, true), ctx, "tenantaudit demo --out "+quote(o.out))
}
