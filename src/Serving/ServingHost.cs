using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace LoraOnnx.Serving;

/// <summary>A running server: models first, ports after, and the way down again.</summary>
internal sealed class ServingHost : IAsyncDisposable
{
    private static readonly TimeSpan _lastAnswers = TimeSpan.FromSeconds(1);

    private readonly WebApplication _application;
    private readonly ServingOptions _options;
    private readonly ILogger _logger;
    private ListeningAddresses _addresses;

    private ServingHost(WebApplication application, ServingOptions options, ListeningAddresses addresses)
    {
        _application = application;
        _options = options;
        _addresses = addresses;
        _logger = application.Services.GetRequiredService<ILogger<ServingHost>>();
    }

    /// <summary>Where gRPC is served.</summary>
    public IPEndPoint GrpcAddress => _addresses.Grpc;

    /// <summary>Where REST, the page and metrics are served.</summary>
    public IPEndPoint HttpAddress => _addresses.Http;

    public ModelCatalog Catalog => _application.Services.GetRequiredService<ModelCatalog>();

    public IServiceProvider Services => _application.Services;

    /// <summary>Cancelled where Windows stops its service.</summary>
    public CancellationToken Stopping => _application.Lifetime.ApplicationStopping;

    /// <summary>Loads and tests every model, then listens.</summary>
    /// <exception cref="InputException">An option, a model or a file is wrong, or a port is taken.</exception>
    public static Task<ServingHost> StartAsync(ServingOptions options, LoadEngine? engine, CancellationToken cancellationToken) =>
        StartAsync(options, engine, TimeProvider.System, cancellationToken);

    /// <summary>The same on another clock.</summary>
    public static async Task<ServingHost> StartAsync(
        ServingOptions options, LoadEngine? engine, TimeProvider time, CancellationToken cancellationToken)
    {
        var plan = WorkerPlan.For(Environment.ProcessorCount, options.Workers, options.Threads);
        var addresses = ListeningAddresses.Of(options);
        // Empty: nothing that lies about (appsettings.json, ASPNETCORE_*, DOTNET_*, Kestrel__*) may open a port or change who may do what.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(time);
        ServingSetup.AddLogging(builder, options);
        ServingSetup.AddServices(builder, options, plan, engine);
        var telemetry = ServingSetup.AddTelemetry(builder);
        ServingSetup.Listen(builder, options, addresses);
        var application = builder.Build();
        ServingSetup.MapEndpoints(application);
        var host = new ServingHost(application, options, addresses);
        try
        {
            // What is quickly found wrong must not cost the time of loading models.
            telemetry(host.Services);
            host.Services.GetRequiredService<IServer>(); // reads the certificate
            await Access.PrepareAsync(host.Services, options, cancellationToken);
            addresses.Try();
            var supervision = host.Services.GetRequiredService<Supervision>();
            await supervision.BeginAsync(cancellationToken);
            var sources = host.FindModels();
            var variants = host.FindVariants();
            if (engine is null)
            {
                MemoryNeeds.Check(sources, options.MemoryMebibytes);
            }

            await host.LoadModelsAsync([.. sources, .. variants], cancellationToken);
            await host.LoadFoldersAsync(cancellationToken);
            host.ObserveQueues();
            await host.ListenAsync(cancellationToken);
            supervision.Serves();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says NOT_SERVING, takes no new calls, and gives those that run their time; then closes all connections.</summary>
    public async Task StopAsync()
    {
        var state = Services.GetRequiredService<ServerState>();
        var wasBusy = state.Calls > 0;
        ServingLog.Draining(_logger, _options.Drain.TotalSeconds);
        Services.GetRequiredService<Supervision>().Drains();
        try
        {
            await state.StopAsync().WaitAsync(_options.Drain);
        }
        catch (TimeoutException)
        {
            ServingLog.DrainTimedOut(_logger, state.Calls);
        }

        if (wasBusy)
        {
            // The last answers are on their way. A client whose connection closes in the same moment may lose those that it has not read yet, .NET's
            // among them.
            await Task.Delay(_lastAnswers);
        }

        using var closing = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _application.StopAsync(closing.Token);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private ModelSource[] FindModels()
    {
        var repository = Services.GetRequiredService<ModelRepository>();
        ModelSource[] sources = _options.Models.Count > 0
            ? [.. _options.Models.Select(ModelSource.Parse)]
            : [.. repository.ModelNames.Select(name => repository.SourceOf(name)!)]; // listed just now
        return sources.Length > 0 ? sources
            : throw new InputException("no model to serve.", "give --model [NAME=]PATH, an ONNX file or its directory; lora-merge makes one.");
    }

    private IEnumerable<ModelSource> FindVariants() =>
    [
        .. _options.Adapters.Select(argument => VariantArgument.Parse("--adapter", argument, isHead: false)),
        .. _options.Heads.Select(argument => VariantArgument.Parse("--head", argument, isHead: true)),
    ];

    /// <summary>A folder of --adapters that cannot be used is logged, and stops nobody.</summary>
    private async Task LoadFoldersAsync(CancellationToken cancellationToken)
    {
        var repository = Services.GetRequiredService<ModelRepository>();
        foreach (var source in repository.AdapterNames.Select(repository.SourceOf).OfType<ModelSource>())
        {
            try
            {
                await Catalog.LoadAsync(source, cancellationToken);
            }
            catch (Exception failure) when (failure is InputException or ModelExistsException)
            {
                ServingLog.LoadFailed(_logger, source.Name, failure.Message);
            }
        }
    }

    private async Task LoadModelsAsync(ModelSource[] sources, CancellationToken cancellationToken)
    {
        foreach (var source in sources)
        {
            try
            {
                await Catalog.LoadAsync(source, cancellationToken);
            }
            catch (ModelExistsException twice)
            {
                throw new InputException($"two models are called the same: {twice.Message}", "give each a name of its own: --model NAME=PATH.",
                    twice);
            }
            catch (OutOfMemoryException failure)
            {
                throw new InputException($"too little memory to load model {source.Name}.",
                    "give the machine or container more, serve fewer models, or keep fewer of them loaded at a time with --memory-mib.", failure);
            }
        }
    }

    private void ObserveQueues()
    {
        var metrics = Services.GetRequiredService<ServingMetrics>();
        metrics.Observe("lora_serve.queue.tokens", "{token}", "Tokens that wait for the engine.", () => Measure(model => model.Work.Load.Queued));
        metrics.Observe("lora_serve.queue.texts", "{text}", "Texts that wait for the engine.", () => Measure(model => model.Work.QueuedTexts));

        IEnumerable<Measurement<long>> Measure(Func<ServedModel, long> read) =>
            Catalog.Models.Where(entry => !entry.Model.Work.IsVariant).Select(
                entry => new Measurement<long>(read(entry.Model), new("model", entry.Model.Name), new("version", entry.Model.Version)));
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _application.StartAsync(cancellationToken);
        }
        catch (IOException failure) when (failure.InnerException is AddressInUseException)
        {
            throw ListeningAddresses.PortInUse($"{_options.Host}, port {_options.GrpcPort} or {_options.HttpPort}", failure);
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            throw new InputException($"--host {_options.Host}: cannot listen: {failure.Message}", inner: failure);
        }

        // a started server has it
        _addresses = _addresses.Bound(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses);
    }
}
