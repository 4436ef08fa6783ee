using LoraOnnx.Graph;
using LoraOnnx.Merge.Layouts;
using LoraOnnx.Merge.OnDevice;
using LoraOnnx.Texts;

namespace LoraOnnx.Merge;

/// <summary>What to merge and where to.</summary>
internal sealed record MergeOptions
{
    /// <summary>A run of lora-train: its base, adapter and head.</summary>
    public string? Run { get; init; }

    /// <summary>A base checkpoint, where no run is given.</summary>
    public string? Model { get; init; }

    /// <summary>PEFT adapters, each with its weight in the sum.</summary>
    public IReadOnlyList<(string Directory, double Weight)> Adapters { get; init; } = [];

    /// <summary>Directory of a head to put on.</summary>
    public string? Head { get; init; }

    /// <summary>The ONNX file to write, or the folder of another layout or of what a device trained. Unused where training artifacts are
    /// written.</summary>
    public required string Out { get; init; }

    /// <summary>For whom the files are laid out.</summary>
    public LayoutKind Layout { get; init; }

    /// <summary>Multiplies every adapter.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>fp32, or what to write beside the fp32 file.</summary>
    public Precision Precision { get; init; }

    /// <summary>Version of the ONNX operators.</summary>
    public int Opset { get; init; } = OnnxModelFile.DefaultOpset;

    /// <summary>Where to write the merged model as a Hugging Face directory too.</summary>
    public string? SaveCheckpoint { get; init; }

    /// <summary>Labelled texts that the proof takes besides its own.</summary>
    public string? VerifyData { get; init; }

    /// <summary>How those texts are read.</summary>
    public TextOptions Texts { get; init; } = new();

    /// <summary>False leaves the proof out and says so in the file.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Write the base with places for adapters, and each adapter as a file of ONNX Runtime's.</summary>
    public bool BaseWithAdapters { get; init; }

    /// <summary>Training on a device.</summary>
    public OnDeviceOptions OnDevice { get; init; } = new();

    /// <summary>The report as JSON on standard output.</summary>
    public bool Json { get; init; }

    /// <summary>How far each module moved, on standard error.</summary>
    public bool Verbose { get; init; }
}
