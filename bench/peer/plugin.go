package peer

import (
	"context"
	"fmt"
	"io"
	"net/rpc"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// MessageSize is how many bytes a call carries, there and back.
const MessageSize = 64

// PluginRPC makes n calls of a go-plugin over net/rpc, one after another.
func PluginRPC(ctx context.Context, n int) (time.Duration, error) {
	return pluginRun(ctx, "plugin-rpc", plugin.ProtocolNetRPC, n)
}

// PluginGRPC makes n calls of a go-plugin over gRPC, one after another.
func PluginGRPC(ctx context.Context, n int) (time.Duration, error) {
	return pluginRun(ctx, "plugin-grpc", plugin.ProtocolGRPC, n)
}

var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "MPGEN_BENCH_PLUGIN",
	MagicCookieValue: "echo",
}

// echoer is what both kinds of plugin dispense.
type echoer interface {
	echo(ctx context.Context, message []byte) ([]byte, error)
}

func pluginRun(ctx context.Context, role string, protocol plugin.Protocol, n int) (time.Duration, error) {
	cmd, err := command(role)
	if err != nil {
		return 0, err
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          plugins(protocol == plugin.ProtocolGRPC),
		Cmd:              cmd,
		AllowedProtocols: []plugin.Protocol{protocol},
		Logger:           hclog.NewNullLogger(),
		Stderr:           io.Discard,
	})
	defer client.Kill()
	conn, err := client.Client()
	if err != nil {
		return 0, fmt.Errorf("start the plugin: %w", err)
	}
	raw, err := conn.Dispense("echo")
	if err != nil {
		return 0, fmt.Errorf("dispense the plugin: %w", err)
	}
	e := raw.(echoer)
	message := make([]byte, MessageSize)
	call := func(i int) error {
		message[0] = byte(i)
		back, err := e.echo(ctx, message)
		if err == nil && (len(back) != MessageSize || back[0] != byte(i)) {
			err = fmt.Errorf("call %d had %d bytes back, want the %d sent", i, len(back), MessageSize)
		}
		return err
	}
	if err := call(0); err != nil { // the first call opens connections
		return 0, err
	}
	start := time.Now()
	for i := range n {
		if err := call(i); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// plugins is the one plugin under its name; its type decides over which
// protocol it can be reached.
func plugins(overGRPC bool) map[string]plugin.Plugin {
	if overGRPC {
		return map[string]plugin.Plugin{"echo": grpcPlugin{}}
	}
	return map[string]plugin.Plugin{"echo": rpcPlugin{}}
}

// pluginServe is the other half of [PluginRPC].
func pluginServe() error {
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: handshake, Plugins: plugins(false), Logger: hclog.NewNullLogger()})
	return nil
}

// pluginServeGRPC is the other half of [PluginGRPC].
func pluginServeGRPC() error {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugins(true),
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
	return nil
}

type rpcPlugin struct{}

func (rpcPlugin) Server(*plugin.MuxBroker) (any, error) { return new(RPCServer), nil }

func (rpcPlugin) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return rpcClient{c}, nil }

// RPCServer answers over net/rpc, which asks for an exported type.
type RPCServer struct{}

// Echo gives the message back.
func (*RPCServer) Echo(message []byte, back *[]byte) error {
	*back = message
	return nil
}

type rpcClient struct{ c *rpc.Client }

func (r rpcClient) echo(ctx context.Context, message []byte) (back []byte, err error) {
	err = r.c.Call("Plugin.Echo", message, &back)
	return back, err
}

type grpcPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&echoService, struct{}{})
	return nil
}

func (grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return grpcClient{c}, nil
}

// echoService is what protoc would make of a service with one method, bytes to
// bytes; the message type is one that protobuf brings along.
var echoService = grpc.ServiceDesc{
	ServiceName: "bench.Echo",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Echo",
		Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.BytesValue)
			if err := decode(in); err != nil {
				return nil, err
			}
			return in, nil
		},
	}},
}

type grpcClient struct{ c *grpc.ClientConn }

func (g grpcClient) echo(ctx context.Context, message []byte) ([]byte, error) {
	out := new(wrapperspb.BytesValue)
	err := g.c.Invoke(ctx, "/bench.Echo/Echo", wrapperspb.Bytes(message), out)
	return out.GetValue(), err
}
