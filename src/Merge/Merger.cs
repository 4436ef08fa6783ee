using System.Globalization;
using System.Text.Json;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Merge.Layouts;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Merge;

/// <summary>Read, fold, write, prove; only then the file gets its name.</summary>
internal static class Merger
{
    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <exception cref="InputException">Wrong input, or the proof failed; no file is left or changed then.</exception>
    public static void Run(MergeOptions options, CancellationToken cancellationToken)
    {
        var input = MergeInput.Read(options, cancellationToken);
        var (merged, report) = AdapterFold.Fold(input.Weights, input.Adapters, options.Scale);
        if (report.Count > 0)
        {
            VisibleLines.Tell($"folded: {report.Count} modules, rank {string.Join(", ", report.Select(module => module.Rank).Distinct())}");
        }

        foreach (var module in options.Verbose ? report : [])
        {
            VisibleLines.Tell(string.Create(CultureInfo.InvariantCulture,
                $"{module.Module}: rank {module.Rank}, |delta|/|W| {module.DeltaNorm / module.WeightNorm:G3}, max |delta| {module.LargestDelta:G3}"));
        }

        var layout = MergeLayout.Of(options.Layout, options.Out, HubCard.Name(input));
        var (proof, gate) = Write(merged, input, options, layout, cancellationToken);
        if (options.SaveCheckpoint is { } checkpoint)
        {
            CheckpointWriter.Write(checkpoint, merged, input.BaseDirectory);
            VisibleLines.Tell($"checkpoint: {checkpoint}");
        }

        VisibleLines.Tell(proof is { } result
            ? string.Create(CultureInfo.InvariantCulture,
                $"proven: {result.Texts} texts alone and batched, largest difference {result.LargestDifference:G3}, allowed {result.Tolerance:G3}")
            : "not proven: --no-verify");
        VisibleLines.Tell($"written: {layout.Target}");
        if (gate is not null)
        {
            var reduced = ModelFiles.InPrecision(layout.Target, options.Precision);
            VisibleLines.Tell($"accuracy gate of {gate.Precision} passed: {gate}");
            VisibleLines.Tell(reduced == layout.Target ? $"gate: {GateReport.PathFor(reduced, options.Precision)}" : $"written: {reduced}");
        }

        if (options.Json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(
                new
                {
                    Out = layout.Target,
                    Modules = report,
                    VerificationTexts = proof?.Texts,
                    LargestDifference = proof?.LargestDifference,
                    input.Metadata,
                    Gate = gate
                }, _json));
        }
    }

    private static (ProofResult? Proof, GateReport? Gate) Write(
        ModelWeights merged, MergeInput input, MergeOptions options, MergeLayout layout, CancellationToken cancellationToken)
    {
        if (Directory.Exists(layout.Target))
        {
            throw InputException.InFile(layout.Target, "is a directory, expected the name of an ONNX file.",
                $"--out {Path.Combine(layout.Target, ModelFiles.Model)}");
        }

        try
        {
            using var stage = MergeStage.Begin(Path.GetFullPath(layout.Root.Length > 0 ? layout.Root : "."));
            var (named, companions) = (Path.Combine(stage.Folder, layout.ModelFile), Path.Combine(stage.Folder, layout.Companions));
            CopyCompanions(input, merged.Config.Task, companions);
            Directory.CreateDirectory(Path.GetDirectoryName(named)!); // a file in a folder
            var exact = named == ModelFiles.InPrecision(named, options.Precision) ? ModelFiles.InPrecision(named, Precision.Fp32) : named;
            var proof = Stage(exact, merged, input, options, cancellationToken);
            var gate = options.Precision == Precision.Fp32 ? null : GatedFile.Stage(exact, merged, input, options, cancellationToken);
            if (gate is not null && Path.GetFileName(exact) != Path.GetFileName(named))
            {
                File.Delete(exact); // --out model.int8.onnx asks for that file alone
            }

            if (layout.Kind == LayoutKind.Hub)
            {
                HubLayout.Complete(companions, exact, input, HubCard.Of(input, proof, gate));
            }
            else if (layout.Kind == LayoutKind.Triton)
            {
                TritonLayout.Complete(companions, exact, layout.ModelName, options.Precision, merged.Config.Task);
            }

            stage.Commit(last: layout.ModelFile);
            return (proof, gate);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unwritable(layout.Target, failure);
        }
    }

    private static void CopyCompanions(MergeInput input, ClassificationTask task, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in ModelFiles.Companions.Where(name => File.Exists(Path.Combine(input.BaseDirectory, name))))
        {
            PublicFiles.Copy(Path.Combine(input.BaseDirectory, name), Path.Combine(folder, name), task);
        }
    }

    private static ProofResult? Stage(string file, ModelWeights merged, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        using (var stream = File.Create(file))
        {
            OnnxModelFile.Write(stream, merged, options.Opset, input.Metadata, takesTokenTypes: options.Layout == LayoutKind.Hub);
        }

        var proof = Prove(file, input, options, cancellationToken);
        var found = Shown(proof, options);
        foreach (var (key, value) in found)
        {
            input.Metadata[key] = value;
        }

        using (var finished = new FileStream(file, FileMode.Open, FileAccess.ReadWrite))
        {
            OnnxMetadata.Append(finished, found);
            finished.Flush(flushToDisk: true);
        }

        CarryCalibration(file, input, options);
        return proof;
    }

    private static ProofResult? Prove(string file, MergeInput input, MergeOptions options, CancellationToken cancellationToken)
    {
        if (!options.Verify)
        {
            return null;
        }

        using var model = PortableModel.Open(file, new InferenceOptions { Device = ComputeDevice.Cpu });
        return MergeProof.Check(model, input, options, cancellationToken);
    }

    private static Dictionary<string, string> Shown(ProofResult? proof, MergeOptions options) => proof is not { } result
        ? new() { [OnnxMetadata.Verification] = OnnxMetadata.NothingShown }
        : new()
        {
            [OnnxMetadata.Verification] = OnnxMetadata.ProofPassed,
            [OnnxMetadata.VerificationTexts] = result.Texts.ToString(CultureInfo.InvariantCulture),
            [OnnxMetadata.VerificationSample] =
                options.VerifyData is { } data ? $"{AccuracyGate.Embedded}, {Path.GetFileName(data)}" : AccuracyGate.Embedded,
            [OnnxMetadata.VerificationCpu] = CpuInstructions.Text,
            [OnnxMetadata.VerificationDifference] = result.LargestDifference.ToString("G3", CultureInfo.InvariantCulture),
            [OnnxMetadata.VerificationTolerance] = result.Tolerance.ToString("G3", CultureInfo.InvariantCulture),
        };

    /// <summary>What lora-compare chose for the run goes with its file, if it was chosen at the scale of this merge.</summary>
    private static void CarryCalibration(string file, MergeInput input, MergeOptions options)
    {
        if (input.Run is not { } run || !File.Exists(Path.Combine(run.Path, Calibration.FileName)))
        {
            return;
        }

        var calibration = Calibration.LoadOrNone(run.Path);
        if ((calibration.Scale ?? 1) != options.Scale)
        {
            WarningLines.Write(string.Create(CultureInfo.InvariantCulture,
                $"{Path.Combine(run.Path, Calibration.FileName)} was chosen at scale {calibration.Scale ?? 1} and is left behind; --scale "
                    + $"{calibration.Scale ?? 1} brings it along."));
            return;
        }

        (calibration with { ModelHash = ContentHash.OfFile(file) }).Save(ModelFiles.DirectoryOf(file));
    }
}
