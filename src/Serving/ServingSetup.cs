using System.Collections;
using LoraOnnx.Inference;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Batching;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Connections;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Page;
using LoraOnnx.Serving.Protocols;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Protocols.KServe;
using LoraOnnx.Serving.Protocols.Rest;
using LoraOnnx.Serving.Protocols.Tei;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Transports.Grpc;
using LoraOnnx.Serving.Transports.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LoraOnnx.Serving;

/// <summary>How the server is put together.</summary>
internal static class ServingSetup
{
    /// <summary>What the server calls itself.</summary>
    public const string ServerName = "lora-serve";

    private static readonly IProtocol[] _protocols = [new GrpcProtocol(), new RestProtocol(), new KServeProtocol(), new TeiProtocol()];

    /// <summary>All logs go to standard error: standard output says where the server listens.</summary>
    public static void AddLogging(WebApplicationBuilder builder, ServingOptions options)
    {
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None); // a failed start is the caller's to tell
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (options.LogJson)
        {
            builder.Logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            builder.Logging.AddConsole(console => console.FormatterName = VisibleLineFormatter.FormatterName)
                .AddConsoleFormatter<VisibleLineFormatter, ConsoleFormatterOptions>();
        }
    }

    public static void AddServices(WebApplicationBuilder builder, ServingOptions options, WorkerPlan plan, LoadEngine? engine)
    {
        var services = builder.Services;
        services.AddRouting();
        Supervision.AddTo(services, options.Drain);
        services.AddSingleton(options);
        services.AddSingleton<ServerState>();
        services.AddSingleton<ServingMetrics>();
        services.AddSingleton(provider => new ModelRuntime(
            options, plan, provider.GetRequiredService<ServingMetrics>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider =>
        {
            var logger = provider.GetRequiredService<ILogger<ModelCatalog>>();
            var load = engine ?? LoadedEngine.OnnxRuntime(new InferenceOptions
            {
                Device = options.Device,
                Precision = options.Precision,
                Threads = plan.ThreadsPerRun,
                TakesAdapters = true,
                Log = line => ServingLog.Engine(logger, line),
            });
            return new ModelCatalog(load, provider.GetRequiredService<ModelRuntime>(), (long)options.MemoryMebibytes << 20, logger,
                options.LoadedAdapters, new ModelScope(provider.GetRequiredService<IHttpContextAccessor>()));
        });
        services.AddHttpContextAccessor();
        services.AddSingleton<ModelRepository>();
        services.AddSingleton<ModelWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<ModelWatch>());
        services.AddSingleton(new RequestMemory(options.MaxMessageMebibytes));
        services.AddSingleton<CallChecks>();
        services.AddSingleton<PredictCalls>();
        services.AddSingleton<TokenizeCalls>();
        services.AddSingleton<ExplainCalls>();
        services.AddSingleton<ModelChanges>();
        services.AddSingleton<ServerReadiness>();
        Access.Add(services, options);

        // Singletons: a service object for every call is a waste.
        services.AddSingleton<HealthService>();
        Array.ForEach(_protocols, protocol => protocol.AddServices(services));
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxMessageMebibytes << 20;
            grpc.IgnoreUnknownServices = true; // its own routes for them would make 404 of REST's 405 and 415; CheckedRequests answers them
            grpc.MaxSendMessageSize = null;
        });
        services.AddGrpcReflection();
        CrossOrigin.Add(services, options);
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = AddError);
        services.AddRequestDecompression();
    }

    /// <summary>Returns what is to be called once there are services: it says what of the variables is unusable, and listens for failures.</summary>
    public static Action<IServiceProvider> AddTelemetry(WebApplicationBuilder builder)
    {
        // OpenTelemetry's own variables are the only ones that are asked.
        builder.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal))
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)));
        builder.Services.AddSingleton<ExportFailures>();
        var unusable = new List<(string Variable, string Value)>();
        var traceExport = TelemetryExport.For("TRACES", byGeneralEndpoint: true, (variable, value) => unusable.Add((variable, value)));
        var metricExport = TelemetryExport.For("METRICS", byGeneralEndpoint: false, (variable, value) => unusable.Add((variable, value)));
        builder.Services.AddOpenTelemetry()
            // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win.
            .ConfigureResource(resource => resource.AddService(ServerName, serviceVersion: ToolVersion.Text).AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(ServingMetrics.MeterName).AddRuntimeInstrumentation().AddPrometheusExporter();
                if (metricExport is not null)
                {
                    metrics.AddOtlpExporter(metricExport.Apply);
                }
            })
            .WithTracing(traces =>
            {
                traces.AddAspNetCoreInstrumentation().AddSource(ServingTraces.SourceName);
                if (traceExport is not null)
                {
                    traces.AddOtlpExporter(traceExport.Apply);
                }
            });
        return services =>
        {
            var failures = services.GetRequiredService<ExportFailures>();
            unusable.ForEach(wrong => failures.Unusable(wrong.Variable, wrong.Value));
        };
    }

    /// <summary>Two ports: gRPC over HTTP/2 with prior knowledge, and HTTP/1.1 for the rest; without TLS a port cannot tell the two apart.</summary>
    /// <exception cref="InputException">A TLS file is wrong.</exception>
    public static void Listen(WebApplicationBuilder builder, ServingOptions options, ListeningAddresses addresses)
    {
        builder.Services.AddSingleton(ConnectionLimits.For(DescriptorLimit.Current));
        builder.Services.AddSingleton<OpenConnections>();
        builder.Services.AddSingleton<IConnectionListenerFactory, BoundedTransport>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.KeepAliveTimeout = ConnectionLimits.Idle;
            kestrel.Limits.RequestHeadersTimeout = ConnectionLimits.Headers;
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = (long)options.MaxMessageMebibytes << 20;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
            // A client that vanished without a word is noticed within a minute.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            var certificate = options.TlsCertificate is null ? null : CertificateOf(options, kestrel.ApplicationServices);
            kestrel.Listen(addresses.Grpc, listen => Secure(listen, HttpProtocols.Http2, certificate));
            kestrel.Listen(addresses.Http,
                listen => Secure(listen, certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2, certificate));
        });
    }

    public static void MapEndpoints(WebApplication application)
    {
        application.Use(async (context, next) =>
        {
            using var request = OpenConnections.BeginRequest(context);
            await next(context);
        });
        application.Use(HttpApi.AnswerHeadAsGet);
        application.UseRouting();
        CrossOrigin.Use(application);
        application.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true }); // from here on its requests are gRPC's
        application.UseExceptionHandler(); // no 500 without a body
        application.UseStatusCodePages(); // a refused HTTP request is answered with problem details, not with nothing
        application.UseAuthorization();
        application.UseMiddleware<CallGate>();
        application.UseMiddleware<CheckedRequests>();
        application.UseRequestDecompression(); // the limit on a body's size holds for what comes out
        application.MapGrpcService<HealthService>();
        Array.ForEach(_protocols, protocol => protocol.Map(application));
        application.MapGrpcReflectionService().RequireAuthorization(Access.User);
        PageFiles.Map(application);
        ReferencePage.Map(application);
        application.MapPrometheusScrapingEndpoint("/metrics").RequireAuthorization(Access.User);
    }

    /// <summary>KServe's and text-embeddings-inference's clients read the reason from <c>error</c>, others from <c>detail</c>.</summary>
    private static void AddError(ProblemDetailsContext context)
    {
        context.ProblemDetails.Detail ??= context.HttpContext.Response switch
        {
            { StatusCode: StatusCodes.Status405MethodNotAllowed, Headers.Allow: { Count: > 0 } allowed } => $"the method is not {allowed}.",
            { StatusCode: StatusCodes.Status415UnsupportedMediaType } => "Content-Type is not one that is read here.",
            _ => context.ProblemDetails.Title,
        };
        context.ProblemDetails.Extensions["error"] = context.ProblemDetails.Detail;
    }

    private static void Secure(ListenOptions listen, HttpProtocols protocols, ReloadedFiles<ServerCertificate>? certificate)
    {
        listen.Protocols = protocols;
        if (certificate is not null)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.Content.ToOptions()) });
        }
    }

    private static ReloadedFiles<ServerCertificate> CertificateOf(ServingOptions options, IServiceProvider services)
    {
        var certificate = options.TlsCertificate!; // asked by the caller
        var key = options.TlsKey ?? certificate;
        string[] files = options.ClientCertificateAuthority is { } authority ? [certificate, key, authority] : [certificate, key];
        return new ReloadedFiles<ServerCertificate>(
            files,
            read => ServerCertificate.Read(read[0], read[1], read.Count > 2 ? read[2] : null),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<ServerCertificate>>());
    }
}
