using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>A checkpoint comes back from a device: as the directory of an adapter or a head, or merged into its base like any of those.</summary>
internal static class DeviceReturn
{
    /// <exception cref="InputException">Wrong input, or the proof of a merge failed; nothing is left or changed then.</exception>
    public static void Run(MergeOptions options, CancellationToken cancellationToken)
    {
        var path = options.OnDevice.Checkpoint!; // asked for
        var checkpoint = CheckpointReader.Read(path, cancellationToken);
        if (!options.Out.EndsWith(".onnx", StringComparison.Ordinal))
        {
            if (Directory.Exists(options.Out) && Directory.EnumerateFileSystemEntries(options.Out).Any())
            {
                throw InputException.InFile(options.Out, "exists already and is not empty.", "name another directory, or remove this one.");
            }

            AtomicDirectory.Write(options.Out, folder => Write(folder, path, checkpoint));
            VisibleLines.Tell($"written: {options.Out}: {(IsAdapter(checkpoint) ? "an adapter, for --adapter" : "a head, for --head")}");
            return;
        }

        var brought = Directory.CreateTempSubdirectory("lora-merge-checkpoint-").FullName;
        try
        {
            Write(brought, path, checkpoint);
            Merger.Run(WithBrought(options, brought, IsAdapter(checkpoint)), cancellationToken);
        }
        finally
        {
            Directory.Delete(brought, recursive: true);
        }
    }

    private static bool IsAdapter(DeviceCheckpoint checkpoint) => checkpoint.Learning.Any(IsOfAdapter);

    private static bool IsOfAdapter(NamedTensor tensor) => tensor.Name.StartsWith(PeftAdapterWriter.KeyPrefix, StringComparison.Ordinal);

    /// <summary>What is merged: the base, with what the device did not train as it was given, and what it did.</summary>
    private static MergeOptions WithBrought(MergeOptions options, string brought, bool isAdapter)
    {
        var run = options.Run is null ? null : RunDirectory.Open(options.Run);
        var given = run?.AdapterDirectory is { } trained && !isAdapter ? [(trained, 1)] : options.Adapters;
        return options with
        {
            Run = null,
            Model = run is null ? options.Model : Directory.Exists(run.Record.ModelDirectory) ? run.Record.ModelDirectory : run.Record.Model,
            Adapters = isAdapter ? [.. given, (brought, 1)] : given,
            Head = isAdapter ? BringsHead(brought) ? null : options.Head ?? run?.HeadDirectory : brought,
        };
    }

    private static bool BringsHead(string adapter) =>
        JsonFields.Load(Path.Combine(adapter, PeftAdapterWriter.ConfigFileName)).Texts("modules_to_save") is { Count: > 0 };

    private static void Write(string folder, string path, DeviceCheckpoint checkpoint)
    {
        if (!IsAdapter(checkpoint))
        {
            SafetensorsWriter.Write(Path.Combine(folder, Checkpoint.WeightsFileName), checkpoint.Learning);
        }
        else
        {
            var config = checkpoint.Notes.GetValueOrDefault(DeviceCheckpoint.AdapterConfig) ?? throw InputException.InFile(path,
                $"has adapters, and no note '{DeviceCheckpoint.AdapterConfig}' of what they are.",
                "it was begun by another tool; its adapter_config.json cannot be known.");
            AtomicFile.WriteText(Path.Combine(folder, PeftAdapterWriter.ConfigFileName), config);
            SafetensorsWriter.Write(Path.Combine(folder, PeftAdapterWriter.TensorsFileName), checkpoint.Learning.Select(tensor =>
                IsOfAdapter(tensor) ? tensor : new NamedTensor(PeftAdapterWriter.KeyPrefix + tensor.Name, tensor.Shape, tensor.Values)));
        }

        if (checkpoint.Notes.GetValueOrDefault(DeviceCheckpoint.Config) is { } classes)
        {
            AtomicFile.WriteText(Path.Combine(folder, ModelConfig.FileName), classes);
        }
    }
}
