using System.CommandLine;
using System.Globalization;
using LoraOnnx.CommandLine;
using LoraOnnx.Graph;
using LoraOnnx.Merge.Layouts;
using LoraOnnx.Merge.OnDevice;
using LoraOnnx.Merge.RuntimeAdapters;
using LoraOnnx.Texts;

namespace LoraOnnx.Merge;

/// <summary>The command line of lora-merge.</summary>
internal static class MergeCommand
{
    private static readonly CommandHelp _help = new(
        ["lora-merge --run runs/lora --out onnx/lora/model.onnx", "lora-merge --model models/demo --adapter DIR --out onnx/other/model.onnx"],
        new HelpGroup("What is merged (--run or --model)", "--run", "--model", "--adapter", "--head", "--scale"),
        new HelpGroup("Proof", "--verify-data", "--no-verify"),
        new HelpGroup("Columns and labels of --verify-data", [.. TextOptionTable.OptionNames]),
        new HelpGroup("Results", "--out", "--layout", "--precision", "--save-checkpoint", "--base-with-adapters", "--opset", "--json"),
        OnDeviceOptionSet.Help)
    {
        Required = ["--out"],
    };

    public static RootCommand Create()
    {
        var run = new Option<string?>("--run")
        {
            HelpName = "DIR",
            Description = "Directory that lora-train --out wrote: its base, adapter and head are merged.",
        };
        var model = new Option<string?>("--model")
        {
            HelpName = "MODEL",
            Description = "Base checkpoint directory or hub id; without --adapter and --head the raw model is exported.",
        };
        var adapter = new Option<string[]>("--adapter")
        {
            HelpName = "DIR[:WEIGHT]",
            Description = "PEFT adapter directory, with its weight in the sum, 1 where none is said. May be given several times.",
        };
        var head = new Option<string?>("--head") { HelpName = "DIR", Description = "Directory with a trained head's model.safetensors." };
        var output = new Option<string?>("--out")
        {
            HelpName = "FILE",
            Description = "ONNX file to write, config and tokenizer beside it; with --layout hub or triton a directory. Not needed with "
                + "--training-artifacts.",
        };
        var layout = new Option<string>("--layout")
        {
            Description = "How the files are laid out. plain: one folder; hub: what transformers.js and optimum load, in fp32 and int8 (with "
                + "--precision fp32 in that alone), with a model card; triton: a model repository for Triton's ONNX Runtime backend.",
            DefaultValueFactory = _ => "plain",
        }
            .OneOf(EnumNames.All<LayoutKind>());
        var scale = new Option<double>("--scale") { Description = "Multiplies every adapter; 1 is what was trained.", DefaultValueFactory = _ => 1 };
        var precision = new Option<string>("--precision")
        {
            Description = "Also write the model in fewer bits, as model.fp16.onnx, model.int8.onnx or model.int8-dynamic.onnx, behind an accuracy "
                + "gate against fp32 whose figures are put beside it. fp16 is for GPUs; int8 for CPUs with VNNI; int8-dynamic is faster and less "
                + "exact.",
            DefaultValueFactory = _ => "fp32",
        }
            .OneOf(PrecisionName.OfFiles);
        var opset = new Option<int>("--opset")
        {
            Description = $"ONNX operator set, {OnnxModelFile.LowestOpset} to {OnnxModelFile.HighestOpset}.",
            DefaultValueFactory = _ => OnnxModelFile.DefaultOpset,
        };
        var checkpoint = new Option<string?>("--save-checkpoint")
        {
            HelpName = "DIR",
            Description = "Also write the merged model as a Hugging Face directory.",
        };
        var baseWithAdapters = new Option<bool>("--base-with-adapters")
        {
            Description = "Merge nothing: write the base with places for adapters as optional inputs, and beside it each adapter as "
                + "NAME.onnx_adapter, for other programs on ONNX Runtime.",
        };
        var verifyData = new Option<string?>("--verify-data")
        {
            HelpName = "FILE",
            Description = "Labelled texts to prove the file on, besides the built-in ones; the accuracy gate is measured on them.",
        };
        var noVerify = new Option<bool>("--no-verify")
        {
            Description = "Write the fp32 file without proving it equal; the file says so. An accuracy gate is measured all the same.",
        };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON on standard output." };
        var root = new RootCommand("Folds LoRA adapters and a head into a text classifier and writes an ONNX file that is proven equal.")
        {
            run, model, adapter, head, output, layout, scale, precision, opset, checkpoint, baseWithAdapters, verifyData, noVerify, json,
        };
        var texts = new WordOptions<TextOptions>(TextOptionTable.All);
        texts.AddTo(root);
        var device = new OnDeviceOptionSet();
        device.AddTo(root);
        CommandHelp.Arrange(root, _help);
        root.SetAction((parsed, token) =>
        {
            var onDevice = device.Read(parsed);
            var options = new MergeOptions
            {
                Run = parsed.GetValue(run),
                Model = parsed.GetValue(model),
                Adapters = [.. (parsed.GetValue(adapter) ?? []).Select(ParseAdapter)],
                Head = parsed.GetValue(head),
                Out = parsed.GetValue(output) ?? onDevice.Artifacts ?? throw new InputException("Option '--out' is required.",
                    "name the ONNX file to write, such as --out onnx/model.onnx; lora-merge --help lists the options."),
                OnDevice = onDevice,
                Scale = parsed.GetValue(scale),
                Layout = EnumNames.Parse<LayoutKind>(parsed.GetRequiredValue(layout))!.Value, // one of them
                Precision = PrecisionName.Parse(parsed.GetRequiredValue(precision)),
                Opset = parsed.GetValue(opset),
                SaveCheckpoint = parsed.GetValue(checkpoint),
                BaseWithAdapters = parsed.GetValue(baseWithAdapters),
                VerifyData = parsed.GetValue(verifyData),
                Texts = texts.Read(parsed, new TextOptions()),
                Verify = !parsed.GetValue(noVerify),
                Json = parsed.GetValue(json),
                Verbose = parsed.GetValue<bool>(CommandLineProgram.Verbose),
            };
            var isPrecisionGiven = parsed.GetResult(precision) is { Implicit: false };
            options = options.Layout == LayoutKind.Hub && !isPrecisionGiven ? options with { Precision = Precision.Int8 } : options;
            Check(options);
            if (options.BaseWithAdapters)
            {
                BaseWithAdapters.Run(options, token);
            }
            else if (onDevice.Checkpoint is not null)
            {
                DeviceReturn.Run(options, token);
            }
            else if (onDevice.Artifacts is not null)
            {
                TrainingArtifacts.Run(options, token);
            }
            else
            {
                Merger.Run(options, token);
            }

            return Task.FromResult(ExitCode.Success);
        });
        return root;
    }

    /// <summary>A directory of that very name wins over a weight behind the last colon.</summary>
    private static (string Directory, double Weight) ParseAdapter(string argument)
    {
        var colon = argument.LastIndexOf(':');
        return colon > 0 && !Directory.Exists(argument)
            && double.TryParse(argument.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
            && double.IsFinite(weight)
            ? (argument[..colon], weight)
            : (argument, 1);
    }

    private static void Check(MergeOptions options)
    {
        var needsModel = options.OnDevice.Checkpoint is null || options.Out.EndsWith(".onnx", StringComparison.Ordinal);
        if ((needsModel || options.Run is not null) && (options.Run is null) == (options.Model is null))
        {
            throw new InputException($"{(options.Run is null ? "neither" : "both")} --run and --model {(options.Run is null ? "is" : "are")} "
                + "given, expected one of them.",
                "--run merges what lora-train wrote; --model takes a checkpoint, with --adapter and --head.");
        }

        if (options.Run is not null && (options.Adapters.Count > 0 || options.Head is not null))
        {
            throw new InputException("--adapter and --head go with --model; a run brings its own.");
        }

        if (options.BaseWithAdapters && (options is { Run: null, Adapters.Count: 0 } || options.Head is not null || options.SaveCheckpoint is not null
            || options.Layout != LayoutKind.Plain || options.Precision != Precision.Fp32 || options.Json
            || options.OnDevice is not { Artifacts: null, Checkpoint: null }))
        {
            throw new InputException("--base-with-adapters writes a base in fp32 and its adapters: it takes --run, or --model with --adapter, and "
                + "neither --head, --layout, --precision, --save-checkpoint nor --json, --training-artifacts or --checkpoint.");
        }

        if (options.Opset is < OnnxModelFile.LowestOpset or > OnnxModelFile.HighestOpset)
        {
            throw new InputException($"--opset is {options.Opset}, expected {OnnxModelFile.LowestOpset} to {OnnxModelFile.HighestOpset}.");
        }

        if (options.Texts.Problems().ToList() is [_, ..] problems)
        {
            throw InputException.Several(problems, "lora-merge --help lists the options.");
        }

        if (options.Layout == LayoutKind.Hub && options.Precision is not (Precision.Int8 or Precision.Fp32))
        {
            throw new InputException($"--precision is {EnumNames.Of(options.Precision)} with --layout hub, expected int8 (the default) or fp32.",
                "leave it out to have both files; fp32 writes that one alone.");
        }

        if (options.Layout != LayoutKind.Plain && File.Exists(options.Out) && !options.Out.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw InputException.InFile(options.Out, $"is a file, expected a directory for --layout {EnumNames.Of(options.Layout)}.");
        }

        if (options.Layout == LayoutKind.Plain && Directory.Exists(options.Out) && options.OnDevice is { Artifacts: null, Checkpoint: null })
        {
            throw InputException.InFile(options.Out, "is a directory, expected the name of the ONNX file.",
                $"for example --out {Path.Combine(options.Out, "model.onnx")}.");
        }

        if (options.Layout == LayoutKind.Plain && options.OnDevice is { Artifacts: null, Checkpoint: null }
            && !options.Out.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw new InputException($"--out is '{options.Out}', expected the name of an ONNX file, which ends in .onnx.",
                $"for example --out {Path.Combine(options.Out, "model.onnx")}.");
        }

        if (options.SaveCheckpoint is { } checkpoint && File.Exists(checkpoint))
        {
            throw InputException.InFile(checkpoint, "is a file, expected a directory for --save-checkpoint.", "name another one.");
        }

        if (options.VerifyData is { } data)
        {
            TextRows.CheckThere(data);
        }

        if (!double.IsFinite(options.Scale))
        {
            throw new InputException($"--scale is {options.Scale}, expected a finite number.");
        }
    }
}
