using System.Threading.Channels;
using Grpc.Core;
using Grpc.Health.V1;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Grpc;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace LoraOnnx.Serving.Protocols;

/// <summary>
/// grpc.health.v1. Names: empty for the server, each service that classifies, and each model (<c>NAME</c> and <c>NAME@VERSION</c>).
/// A service serves while there is a model and the server is not draining. Watch ends when the server drains, after saying NOT_SERVING.
/// </summary>
[Probe]
internal sealed class HealthService : Health.HealthBase, IDisposable
{
    private static readonly string[] _services = ["", "lora_onnx.v1.Sentiment", "tei.v1.Predict", "tei.v1.Tokenize", "tei.v1.Info",
        "inference.GRPCInferenceService"];

    private readonly ModelCatalog _catalog;
    private readonly ServerState _state;
    private readonly object _lock = new();
    private readonly HashSet<Channel<bool>> _watchers = [];
    private readonly CancellationTokenRegistration _stopping;
    private HashSet<string> _serving = [];

    public HealthService(ModelCatalog catalog, ServerState state)
    {
        _catalog = catalog;
        _state = state;
        catalog.Changed += Refresh;
        _stopping = state.Stopping.Register(Refresh);
        Refresh();
    }

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => StatusOf(request.Service) is { } status
        ? Task.FromResult(new HealthCheckResponse { Status = status })
        : throw new CallError(ErrorKind.NotFound, "no service or model of that name.", "service").ToRpcException();

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        // Capacity 1 and dropping: a slow watcher sees the newest state, not every one.
        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        lock (_lock)
        {
            _watchers.Add(changed);
        }

        try
        {
            ServingStatus? sent = null;
            do
            {
                var status = StatusOf(request.Service) ?? ServingStatus.ServiceUnknown;
                if (status != sent)
                {
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, context.CancellationToken);
                    sent = status;
                }
            }
            while (!_state.Stopping.IsCancellationRequested && await changed.Reader.ReadAsync(context.CancellationToken));
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(changed);
            }
        }
    }

    public void Dispose()
    {
        _catalog.Changed -= Refresh;
        _stopping.Dispose();
    }

    private ServingStatus? StatusOf(string service)
    {
        lock (_lock)
        {
            return _serving.Contains(service) ? _state.Stopping.IsCancellationRequested ? ServingStatus.NotServing : ServingStatus.Serving
                : Array.IndexOf(_services, service) >= 0 ? ServingStatus.NotServing
                : null;
        }
    }

    private void Refresh()
    {
        var models = _catalog.Models;
        lock (_lock)
        {
            _serving = [.. models.Count > 0
                ? _services
                : [], .. models.Select(entry => entry.Model.Name), .. models.Select(entry => $"{entry.Model.Name}@{entry.Model.Version}")];
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(true);
            }
        }
    }
}
