using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>An inference request, from either transport.</summary>
internal sealed class InferRequest
{
    /// <summary>Of a request: microseconds that it may take, as a deadline (Triton's schedule policy extension).</summary>
    public const string TimeoutParameter = "timeout";

    /// <summary>More tensors than any model here has.</summary>
    public const int MostTensors = 16;

    public required string Model { get; init; }

    public required string Version { get; init; }

    public string Id { get; set; } = "";

    public List<InferTensor> Inputs { get; } = [];

    public List<WantedOutput> Outputs { get; } = [];

    /// <summary>0: none.</summary>
    public long TimeoutMicroseconds { get; set; }

    /// <summary>Outputs that say nothing of it are answered as raw bytes.</summary>
    public bool Binary { get; set; }

    public static CallError WrongTimeout() =>
        CallError.Invalid("parameters", $"'{TimeoutParameter}' is a number of microseconds, an int64 of at least 0; 0 for none.");

    public static CallError TooManyTensors(string field) => CallError.Invalid(field, $"are more than {MostTensors}.");

    /// <summary>Whether an output goes as raw bytes.</summary>
    public bool IsBinary(string output) => Outputs.Find(wanted => wanted.Name == output)?.Binary ?? Binary;
}

/// <summary>An output that is asked for.</summary>
/// <param name="Field">What errors call it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Classes">How many of the best classes to give as texts instead of the numbers; null: the numbers.</param>
/// <param name="Binary">As raw bytes; null: as the request says.</param>
internal sealed record WantedOutput(string Field, string Name, long? Classes, bool? Binary);
