using System.CommandLine;
using System.CommandLine.Parsing;
using LoraOnnx.CommandLine;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Serving.Security;

namespace LoraOnnx.Serving;

/// <summary>The options of <c>lora-serve</c>, and their way into a <see cref="ServingOptions"/>.</summary>
internal sealed class ServeCommandOptions
{
    private static readonly ServingOptions _default = new();

    private readonly Option<string[]> _models = new("--model")
    {
        Description = "An ONNX file or its directory; without NAME it is called as the directory. May be given several times: the first answers "
            + "calls that name none.",
        HelpName = "[NAME[@VERSION]=]PATH",
    };

    private readonly Option<string> _modelsDirectory = new("--models")
    {
        Description = "A directory of model folders that can be loaded by name while the server runs. All are served at start when no --model is "
            + "given.",
        HelpName = "DIR",
    };

    private readonly Option<string[]> _adapters = new("--adapter")
    {
        Description = "A run of lora-train, or an adapter as peft saves it, served under its own name on a model that has none merged into it. "
            + "May be given several times; texts of all adapters of a model share its batches. Without @BASE: the model that it was trained on, or "
            + "the only one.",
        HelpName = "NAME[@BASE]=DIR[:WEIGHT]",
    };

    private readonly Option<string[]> _heads = new("--head")
    {
        Description = "The same for a head alone; several heads of one text cost one pass through the encoder. "
            + "A head is taken whole, whatever the weight.",
        HelpName = "NAME[@BASE]=DIR[:WEIGHT]",
    };

    private readonly Option<string> _adaptersDirectory = new("--adapters")
    {
        Description = "A directory of adapter folders, all served at start and watched with --watch-seconds.",
        HelpName = "DIR",
    };

    private readonly Option<int> _loadedAdapters = Number(
        "--loaded-adapters", "Adapters and heads in memory at a time; those used longest ago are unloaded and come back when asked for.",
        _default.LoadedAdapters, 1, 1 << 20);

    private readonly Option<string> _host = new("--host")
    {
        HelpName = "HOST",
        Description = "Address to listen on. Other than loopback: use TLS and API keys.",
        DefaultValueFactory = _ => _default.Host,
    };
    private readonly Option<int> _grpcPort = Number("--grpc-port", "Port for gRPC; 0: a free one, printed at start.", _default.GrpcPort, 0, 65535);
    private readonly Option<int> _httpPort =
        Number("--http-port", "Port for REST, the page and /metrics; 0: a free one.", _default.HttpPort, 0, 65535);

    private readonly Option<string[]> _corsOrigins = CrossOrigin.Option();

    private readonly Option<string> _device = new Option<string>("--device")
    {
        Description = "Where to compute; auto: a GPU where there is one.",
        DefaultValueFactory = _ => DeviceName.Any,
    }.OneOf(DeviceName.All);

    private readonly Option<string> _precision = new Option<string>("--precision")
    {
        Description = PrecisionRule.Help,
        DefaultValueFactory = _ => _default.Precision.ToString(),
    }.OneOf(PrecisionRule.Names);

    private readonly Option<int> _workers = Number("--workers", "Batches that run at the same time; 0: cores / threads.", 0, 0, 1024);
    private readonly Option<int> _threads = Number("--threads", "Threads of one batch; 0: up to 4, as cores allow.", 0, 0, 1024);
    private readonly Option<int> _latencyTarget =
        Number("--latency-target-ms", "Accepted calls should be answered within this time; sizes batches and queue.",
            (int)_default.LatencyTarget.TotalMilliseconds, 10, 600_000);
    private readonly Option<int> _batchTokens =
        Number("--batch-tokens",
            "Most tokens in a batch; 0: what one run does in a quarter of the latency target, measured at warm-up and kept up to date.", 0, 0,
            1 << 20);
    private readonly Option<int> _queueTokens =
        Number("--queue-tokens", "Most tokens waiting per model; 0: what the engine does in the latency target.", 0, 0, 1 << 30);
    private readonly Option<int> _cache = Number("--cache-mib", "Exact-text cache per model; 0: none.", 0, 0, 1 << 20);
    private readonly Option<int> _memory =
        Number("--memory-mib",
            "Size of ONNX files kept loaded, over all models; those used longest ago are unloaded and come back when asked for. 0: no limit.", 0, 0,
            1 << 30);
    private readonly Option<int> _maxTextChars = Number("--max-text-chars", "Longest text in UTF-16 units.", _default.MaxTextChars, 1, 1 << 28);
    private readonly Option<int> _maxBatchTexts = Number("--max-batch-texts", "Most texts in one batch call.", _default.MaxBatchTexts, 1, 1 << 20);
    private readonly Option<int> _maxMessage =
        Number("--max-message-mib", "Largest gRPC message or HTTP body.", _default.MaxMessageMebibytes, 1, 1024);
    private readonly Option<int> _drain =
        Number("--drain-seconds", "Time that running calls and streams have after SIGTERM.", (int)_default.Drain.TotalSeconds, 0, 3600);
    private readonly Option<int> _watch =
        Number("--watch-seconds", "How often to look for changed files of served models, and for new and removed folders of --models; they are "
            + "swapped, loaded and unloaded. 0: never.", 0, 0, 3600);
    private readonly Option<string> _tlsCertificate = PemFile("--tls-cert", "PEM certificate chain for both ports; read again when it changes.");
    private readonly Option<string> _tlsKey = PemFile("--tls-key", "PEM private key. [default: in the certificate's file]");
    private readonly Option<string> _clientAuthority =
        PemFile("--client-ca", "PEM certificates; clients must show one that these have signed (mutual TLS).");
    private readonly IReadOnlyList<AccessArguments> _access = AccessSchemes.Arguments();
    private readonly Option<bool> _logCalls = new("--log-calls") { Description = "Log a line for every text, without the text." };
    private readonly Option<bool> _logTexts = new("--log-texts") { Description = "Log a line for every text, with the text." };
    private readonly Option<string> _logFormat = new Option<string>("--log-format")
    {
        Description = "How a line of the log is written, on standard error.",
        DefaultValueFactory = _ => "text",
    }.OneOf("text", "json");

    public void AddTo(RootCommand root)
    {
        Option[] all =
        [
            _models, _modelsDirectory, _adapters, _heads, _adaptersDirectory, _loadedAdapters, _host, _grpcPort, _httpPort, _corsOrigins, _device,
                _precision, _workers, _threads, _latencyTarget, _batchTokens,
            _queueTokens, _cache, _memory,
            _maxTextChars, _maxBatchTexts, _maxMessage, _drain, _watch, _tlsCertificate, _tlsKey, _clientAuthority,
            .. _access.SelectMany(scheme => scheme.Options), _logCalls, _logTexts, _logFormat,
        ];
        foreach (var option in all)
        {
            root.Options.Add(option);
        }

        root.Validators.Add(result => Require(result, _tlsCertificate, [_tlsKey, _clientAuthority]));
        foreach (var scheme in _access)
        {
            if (scheme.Check is { } check)
            {
                root.Validators.Add(check);
            }
        }
    }

    public ServingOptions Read(ParseResult parsed) => new()
    {
        Models = parsed.GetValue(_models) ?? [],
        ModelsDirectory = ExistingPath.OfDirectory(parsed, _modelsDirectory),
        Adapters = parsed.GetValue(_adapters) ?? [],
        Heads = parsed.GetValue(_heads) ?? [],
        AdaptersDirectory = ExistingPath.OfDirectory(parsed, _adaptersDirectory),
        LoadedAdapters = parsed.GetValue(_loadedAdapters),
        Host = parsed.GetRequiredValue(_host),
        GrpcPort = parsed.GetValue(_grpcPort),
        HttpPort = parsed.GetValue(_httpPort),
        CorsOrigins = parsed.GetValue(_corsOrigins) ?? [],
        Device = DeviceName.Parse(parsed.GetRequiredValue(_device)),
        Precision = PrecisionRule.Parse(parsed.GetRequiredValue(_precision)),
        Workers = parsed.GetValue(_workers),
        Threads = parsed.GetValue(_threads),
        LatencyTarget = TimeSpan.FromMilliseconds(parsed.GetValue(_latencyTarget)),
        BatchTokens = parsed.GetValue(_batchTokens),
        QueueTokens = parsed.GetValue(_queueTokens),
        CacheMebibytes = parsed.GetValue(_cache),
        MemoryMebibytes = parsed.GetValue(_memory),
        MaxTextChars = parsed.GetValue(_maxTextChars),
        MaxBatchTexts = parsed.GetValue(_maxBatchTexts),
        MaxMessageMebibytes = parsed.GetValue(_maxMessage),
        Drain = TimeSpan.FromSeconds(parsed.GetValue(_drain)),
        Watch = TimeSpan.FromSeconds(parsed.GetValue(_watch)),
        TlsCertificate = ExistingPath.OfFile(parsed, _tlsCertificate),
        TlsKey = ExistingPath.OfFile(parsed, _tlsKey),
        ClientCertificateAuthority = ExistingPath.OfFile(parsed, _clientAuthority),
        Access = [.. _access.Select(scheme => scheme.Read(parsed)).OfType<IAccessScheme>()],
        LogCalls = parsed.GetValue(_logCalls),
        LogTexts = parsed.GetValue(_logTexts),
        LogJson = parsed.GetValue(_logFormat) == "json",
    };

    private static void Require(CommandResult result, Option needed, Option[] dependants)
    {
        foreach (var option in dependants)
        {
            if (result.GetResult(option) is not null && result.GetResult(needed) is null)
            {
                result.AddError($"{option.Name} needs {needed.Name}.");
            }
        }
    }

    private static Option<string> PemFile(string name, string description) => new(name) { Description = description, HelpName = "FILE" };

    private static Option<int> Number(string name, string description, int defaultValue, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => defaultValue };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && (number < least || number > most))
            {
                result.AddError($"{name} is {number}, expected {least} to {most}.");
            }
        });
        return option;
    }
}
