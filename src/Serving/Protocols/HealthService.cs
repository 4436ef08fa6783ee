using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace LoraOnnx.Serving.Protocols;

/// <summary>
/// grpc.health.v1. Names: empty for the server, each service that classifies, and each model (<c>NAME</c> and <c>NAME@VERSION</c>).
/// A service serves while there is a model and the server is not draining. Watch ends when the server drains, after saying NOT_SERVING.
/// </summary>
[Probe]
internal sealed class HealthService : HealthServiceImpl, IDisposable
{
    private static readonly string[] _services =
        ["", "lora_onnx.v1.Sentiment", "tei.v1.Predict", "tei.v1.Tokenize", "tei.v1.Info", "inference.GRPCInferenceService"];

    private readonly ModelCatalog _catalog;
    private readonly ServerState _state;
    private readonly object _lock = new();
    private readonly CancellationTokenRegistration _stopping;
    private HashSet<string> _models = [];

    public HealthService(ModelCatalog catalog, ServerState state)
    {
        _catalog = catalog;
        _state = state;
        catalog.Changed += Refresh;
        _stopping = state.Stopping.Register(Refresh);
        Refresh();
    }

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        // The library's Watch ends only when its caller goes; a server that drains would wait for callers that wait for it.
        using var last = new LastStatus(responseStream, _state.Stopping);
        await await Task.WhenAny(base.Watch(request, last, context), last.Written);
    }

    public void Dispose()
    {
        _catalog.Changed -= Refresh;
        _stopping.Dispose();
    }

    private void Refresh()
    {
        lock (_lock)
        {
            // Read inside the lock: of two changes at once, the later one is told last.
            var models = _catalog.Models;
            var status = _state.Stopping.IsCancellationRequested ? ServingStatus.NotServing : ServingStatus.Serving;
            HashSet<string> names = [.. models.SelectMany(entry => (string[])[entry.Model.Name, $"{entry.Model.Name}@{entry.Model.Version}"])];
            foreach (var gone in _models.Except(names))
            {
                ClearStatus(gone);
            }

            foreach (var name in names)
            {
                SetStatus(name, status);
            }

            foreach (var service in _services)
            {
                SetStatus(service, models.Count > 0 ? status : ServingStatus.NotServing);
            }

            _models = names;
        }
    }

    /// <summary>Knows when a watcher has heard, or need not hear, that the server drains.</summary>
    private sealed class LastStatus : IServerStreamWriter<HealthCheckResponse>, IDisposable
    {
        private readonly IServerStreamWriter<HealthCheckResponse> _watcher;
        private readonly CancellationToken _stopping;
        private readonly CancellationTokenRegistration _onStopping;
        private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _servedLast; // a change to NOT_SERVING is still to come

        public LastStatus(IServerStreamWriter<HealthCheckResponse> watcher, CancellationToken stopping)
        {
            (_watcher, _stopping) = (watcher, stopping);
            _servedLast = true; // what it is told first is on its way
            _onStopping = stopping.Register(EndIfTold);
        }

        public Task Written => _written.Task;

        public WriteOptions? WriteOptions
        {
            get => _watcher.WriteOptions;
            set => _watcher.WriteOptions = value;
        }

        public async Task WriteAsync(HealthCheckResponse message)
        {
            if (Written.IsCompleted)
            {
                return; // the call has ended
            }

            _servedLast = message.Status == ServingStatus.Serving;
            await _watcher.WriteAsync(message);
            if (_stopping.IsCancellationRequested)
            {
                EndIfTold();
            }
        }

        public void Dispose() => _onStopping.Dispose();

        private void EndIfTold()
        {
            if (!_servedLast)
            {
                _written.TrySetResult();
            }
        }
    }
}
