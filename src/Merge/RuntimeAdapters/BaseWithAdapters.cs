using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Merge.RuntimeAdapters;

/// <summary>
/// Writes a base that takes adapters as optional inputs, and each adapter in ONNX Runtime's own form, for other programs on ONNX Runtime. Every pair
/// is proven as a merged file is: by its logits through ONNX Runtime, with the adapter active.
/// </summary>
internal static class BaseWithAdapters
{
    private static readonly InferenceOptions _cpu = new() { Device = ComputeDevice.Cpu };

    /// <exception cref="InputException">Wrong input, or a proof failed; no file is left or changed then.</exception>
    public static void Run(MergeOptions options, CancellationToken cancellationToken)
    {
        var inputs = Inputs(options, cancellationToken);
        var directory = inputs[0].Input.BaseDirectory;
        var ofBase = Checkpoint.Open(directory).LoadWeights();
        RuntimeAdapter[] adapters = [.. inputs.Select(entry => RuntimeAdapter.Of(entry.Name, entry.Input, ofBase))];
        if (adapters.FirstOrDefault(adapter => adapter.Tensors.Count == 0) is { } empty)
        {
            throw new InputException($"the adapter {empty.Name} changes nothing: its weight or --scale is 0, or it equals its base.");
        }

        try
        {
            var target = Path.GetFullPath(options.Out);
            using var stage = MergeStage.Begin(Path.GetDirectoryName(target)!); // a full path of a file has a directory
            var file = Path.Combine(stage.Folder, Path.GetFileName(target));
            Write(file, directory, ofBase, adapters, options);
            Prove(file, ofBase, adapters, options, cancellationToken);
            stage.Commit(last: Path.GetFileName(target));
            VisibleLines.Tell($"written: {options.Out}");
            foreach (var adapter in adapters)
            {
                VisibleLines.Tell($"written: {Path.Combine(Path.GetDirectoryName(options.Out) ?? "", adapter.Name + AdapterFile.Extension)}");
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unwritable(options.Out, failure);
        }
    }

    private static List<(string Name, MergeInput Input)> Inputs(MergeOptions options, CancellationToken cancellationToken)
    {
        List<(string Name, MergeInput Input)> inputs = options.Run is { } run ? [(NameOf(run), MergeInput.Read(options, cancellationToken))]
            : [.. options.Adapters.Select(adapter => (NameOf(adapter.Directory),
                MergeInput.Read(options with { Adapters = [(adapter.Directory, adapter.Weight * options.Scale)], Scale = 1 }, cancellationToken)))];
        return inputs.CountBy(input => input.Name).FirstOrDefault(count => count.Value > 1).Key is { } twice
            ? throw new InputException($"two adapters are named {twice}.", "a file is named after the adapter's folder: rename one.")
            : inputs;
    }

    /// <summary>The folder's name; of a run's adapter folder the run's.</summary>
    private static string NameOf(string directory)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        return Path.GetFileName(full) == "adapter" && Path.GetDirectoryName(full) is { } above && File.Exists(Path.Combine(above, "run.json"))
            ? Path.GetFileName(above) : Path.GetFileName(full);
    }

    private static void Write(string file, string directory, ModelWeights ofBase, RuntimeAdapter[] adapters, MergeOptions options)
    {
        var folder = Path.GetDirectoryName(file)!; // the stage's
        foreach (var name in ModelFiles.Companions.Where(name => File.Exists(Path.Combine(directory, name))))
        {
            PublicFiles.Copy(Path.Combine(directory, name), Path.Combine(folder, name), ofBase.Config.Task);
        }

        var slots = new AdapterSlots(
            adapters.SelectMany(adapter => adapter.Modules).ToHashSet(StringComparer.Ordinal),
            adapters.SelectMany(adapter => adapter.Replaced).ToHashSet(StringComparer.Ordinal));
        using (var stream = File.Create(file))
        {
            OnnxModelFile.WriteWithSlots(stream, ofBase, slots, options.Opset, new Dictionary<string, string>
            {
                [OnnxMetadata.Tool] = ToolVersion.Text,
                [OnnxMetadata.BaseModel] = adapters[0].Input.Metadata[OnnxMetadata.BaseModel],
                [OnnxMetadata.BaseHash] = adapters[0].Input.Metadata[OnnxMetadata.BaseHash],
                [OnnxMetadata.Method] = OnnxMetadata.Raw,
                [OnnxMetadata.Precision] = EnumNames.Of(Precision.Fp32),
                [OnnxMetadata.Verification] = options.Verify ? OnnxMetadata.ProofPassed : OnnxMetadata.NothingShown,
            });
        }

        foreach (var adapter in adapters)
        {
            AdapterFile.Write(Path.Combine(folder, adapter.Name + AdapterFile.Extension), adapter.Tensors);
            if (!adapter.Input.Weights.Config.Task.IsSameAs(ofBase.Config.Task))
            {
                PublicFiles.Copy(Path.Combine(directory, ModelConfig.FileName), Path.Combine(folder, $"{adapter.Name}.{ModelConfig.FileName}"),
                    adapter.Input.Weights.Config.Task);
            }
        }
    }

    private static void Prove(
        string file, ModelWeights ofBase, RuntimeAdapter[] adapters, MergeOptions options, CancellationToken cancellationToken)
    {
        if (!options.Verify)
        {
            VisibleLines.Tell("not proven: --no-verify");
            return;
        }

        using (var alone = PortableModel.Open(file, _cpu))
        {
            Say("the base alone", MergeProof.Check(alone, adapters[0].Input.OfBase(ofBase), options with { Scale = 1 }, cancellationToken));
        }

        foreach (var adapter in adapters)
        {
            using var model = PortableModel.OpenWithAdapter(
                file, Path.Combine(Path.GetDirectoryName(file)!, adapter.Name + AdapterFile.Extension), _cpu); // the stage's
            var scaled = options with { Scale = options.Run is null ? 1 : options.Scale }; // else it is in the weight
            Say(adapter.Name, MergeProof.Check(model, adapter.Input, scaled, cancellationToken));
        }
    }

    private static void Say(string name, ProofResult result) => VisibleLines.Tell(string.Create(CultureInfo.InvariantCulture,
        $"proven: {name}: {result.Texts} texts alone and batched, largest difference {result.LargestDifference:G3}, allowed {result.Tolerance:G3}"));
}
