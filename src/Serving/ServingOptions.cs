using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Serving.Security;

namespace LoraOnnx.Serving;

/// <summary>Everything that can be set at start; <c>lora-serve --help</c> says the same in more words.</summary>
internal sealed record ServingOptions
{
    /// <summary>[NAME[@VERSION]=]PATH each.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>A directory whose folders are models that can be loaded by name; null: none.</summary>
    public string? ModelsDirectory { get; init; }

    /// <summary>NAME[@BASE]=DIR[:WEIGHT] each.</summary>
    public IReadOnlyList<string> Adapters { get; init; } = [];

    /// <summary>NAME[@BASE]=DIR each.</summary>
    public IReadOnlyList<string> Heads { get; init; } = [];

    /// <summary>A directory whose folders are adapters that can be loaded by name; null: none.</summary>
    public string? AdaptersDirectory { get; init; }

    /// <summary>Adapters and heads in memory at a time; those used longest ago are unloaded and come back when asked for.</summary>
    public int LoadedAdapters { get; init; } = 100;

    /// <summary>Address to listen on; loopback unless asked otherwise.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0: a free one.</summary>
    public int GrpcPort { get; init; } = 50051;

    /// <summary>0: a free one.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>Origins of web pages that may call from a browser, or * for all; empty: only the server's own page.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Where models run; null: on a GPU where one can be used, else on the processor.</summary>
    public ComputeDevice? Device { get; init; }

    /// <summary>What their layers compute in.</summary>
    public PrecisionRule Precision { get; init; } = PrecisionRule.Auto;

    /// <summary>Batches at a time; 0: planned from the cores.</summary>
    public int Workers { get; init; }

    /// <summary>Threads of one batch; 0: planned from the cores.</summary>
    public int Threads { get; init; }

    /// <summary>Time in which accepted calls should be answered.</summary>
    public TimeSpan LatencyTarget { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Most tokens in a batch; 0: tuned to the measured speed.</summary>
    public int BatchTokens { get; init; }

    /// <summary>Most tokens waiting per model; 0: what the engine does in the latency target.</summary>
    public int QueueTokens { get; init; }

    /// <summary>Exact-text cache per model in MiB; 0: none.</summary>
    public int CacheMebibytes { get; init; }

    /// <summary>ONNX files in memory in MiB, over all models; 0: no limit.</summary>
    public int MemoryMebibytes { get; init; }

    /// <summary>Longest text in UTF-16 units.</summary>
    public int MaxTextChars { get; init; } = 100_000;

    /// <summary>Most texts in one batch call.</summary>
    public int MaxBatchTexts { get; init; } = 1_000;

    /// <summary>Largest message or HTTP body in MiB.</summary>
    public int MaxMessageMebibytes { get; init; } = 16;

    /// <summary>Time that calls have to finish after SIGTERM.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often to look for changed model files; zero: never.</summary>
    public TimeSpan Watch { get; init; }

    /// <summary>PEM certificate chain; null: no TLS.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>PEM private key of <see cref="TlsCertificate"/>.</summary>
    public string? TlsKey { get; init; }

    /// <summary>PEM certificates that clients' certificates must be signed by; null: none asked for.</summary>
    public string? ClientCertificateAuthority { get; init; }

    /// <summary>How callers say who they are; empty: they need not.</summary>
    public IReadOnlyList<IAccessScheme> Access { get; init; } = [];

    /// <summary>Log a line for every call.</summary>
    public bool LogCalls { get; init; }

    /// <summary>Put users' texts into those lines.</summary>
    public bool LogTexts { get; init; }

    /// <summary>Log as JSON lines.</summary>
    public bool LogJson { get; init; }
}
