using System.CommandLine;
using LoraOnnx.CommandLine;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>The options of lora-merge that are about training on a device.</summary>
internal sealed class OnDeviceOptionSet
{
    private readonly Option<string?> _artifacts = new("--training-artifacts")
    {
        HelpName = "DIR",
        Description = "Write training_model.onnx, eval_model.onnx, optimizer_model.onnx and checkpoint, with which ONNX Runtime's training runtime "
            + "trains the model on a phone or in a browser.",
    };

    private readonly Option<string?> _checkpoint = new("--checkpoint")
    {
        HelpName = "FILE",
        Description = "A checkpoint that was trained on a device: --out DIR gets it as adapter or head, --out FILE.onnx merged into --model.",
    };

    private readonly Option<string?> _method = new Option<string?>("--method")
    {
        Description = "What the device trains. [default: the adapters and heads that are given, else the head]",
    }
        .OneOf(EnumNames.All<TrainingMethod>());

    private readonly Option<int> _rank = new("--rank") { Description = "Inner width of new adapters.", DefaultValueFactory = _ => 8 };

    private readonly Option<double?> _alpha = new("--alpha")
    {
        Description = "The adapters' update is scaled by alpha/rank. [default: twice the rank]",
    };

    private readonly Option<string> _targets = new("--targets")
    {
        HelpName = "NAME,..",
        Description = "Linear modules that get new adapters: query, key, value, output, up, down, names of the checkpoint, or all-linear.",
        DefaultValueFactory = _ => string.Join(',', new OnDeviceOptions().Targets),
    };

    private readonly Option<bool> _huggingFace = new("--hugging-face-adamw")
    {
        Description = "AdamW that shrinks weights after the update, as onnxruntime.training.artifacts writes it; without it, torch's.",
    };

    /// <summary>Their place in the help.</summary>
    public static HelpGroup Help { get; } = new("Training on a device",
        "--training-artifacts", "--method", "--rank", "--alpha", "--targets", "--hugging-face-adamw", "--checkpoint");

    public void AddTo(RootCommand root)
    {
        foreach (var option in (Option[])[_artifacts, _method, _rank, _alpha, _targets, _huggingFace, _checkpoint])
        {
            root.Add(option);
        }
    }

    /// <exception cref="InputException">They do not go together.</exception>
    public OnDeviceOptions Read(ParseResult parsed)
    {
        var options = new OnDeviceOptions
        {
            Artifacts = parsed.GetValue(_artifacts),
            Checkpoint = parsed.GetValue(_checkpoint),
            Method = EnumNames.Parse<TrainingMethod>(parsed.GetValue(_method)),
            Rank = parsed.GetValue(_rank),
            Alpha = parsed.GetValue(_alpha),
            Targets = parsed.GetRequiredValue(_targets).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            HuggingFaceAdamW = parsed.GetValue(_huggingFace),
        };
        Check(options, parsed);
        return options;
    }

    private void Check(OnDeviceOptions options, ParseResult parsed)
    {
        if (options is { Artifacts: not null, Checkpoint: not null })
        {
            throw new InputException("both --training-artifacts and --checkpoint are given, expected one of them.",
                "--training-artifacts begins the training, --checkpoint takes back what came of it.");
        }

        if (options.Rank is < 1 or > 4096)
        {
            throw new InputException($"--rank is {options.Rank}, expected 1 to 4096.");
        }

        if (options.Alpha is { } alpha && !(double.IsFinite(alpha) && alpha > 0))
        {
            throw new InputException($"--alpha is {alpha}, expected a number above 0.");
        }

        if (options.Artifacts is null
            && Array.Find((Option[])[_method, _rank, _alpha, _targets, _huggingFace], option => parsed.GetResult(option) is { Implicit: false })
                is { } idle)
        {
            throw new InputException($"{idle.Name} goes with --training-artifacts.");
        }
    }
}
