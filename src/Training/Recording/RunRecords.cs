using System.Reflection;
using System.Runtime.InteropServices;
using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Recording;

/// <summary>The run.json of a run that begins or goes on.</summary>
internal static class RunRecords
{
    /// <summary>A new record; or <paramref name="earlier"/>, if model and texts are still what they were.</summary>
    /// <exception cref="InputException">Model or texts have changed since the run began.</exception>
    public static RunRecord Begin(TrainingOptions options, BaseModel @base, TrainingTexts texts, Machine machine, int maxLength, RunRecord? earlier)
    {
        RunData[] data = [.. texts.All.Select(set => set.Describe(@base.Config.Task.Labels))];
        if (earlier is not null)
        {
            CheckUnchanged(earlier, @base, data);
            return earlier;
        }

        return new RunRecord
        {
            ToolVersion = ToolVersion.Text,
            Method = EnumNames.Of(options.Method),
            Model = options.Model,
            ModelDirectory = Path.GetFullPath(@base.Directory),
            ModelHash = @base.Hash,
            NewHeadSeed = @base.NewHeadSeed,
            Rank = options.TrainsAdapters ? options.Rank : null,
            Alpha = options.TrainsAdapters ? AdapterOptions.Alpha(options) : null,
            MaxLength = maxLength,
            Truncate = EnumNames.Of(options.Truncate),
            Precision = EnumNames.Of(machine.Precision),
            Device = machine.DeviceName,
            Threads = machine.Threads,
            TrainedParameters = 0,
            TrainingSeconds = 0,
            StartedAt = DateTimeOffset.UtcNow,
            TrainedTokens = 0,
            PaddingShare = 0, // texts are packed end to end
            Finished = false,
            Data = data,
            Libraries = new Dictionary<string, string>
            {
                ["dotnet"] = RuntimeInformation.FrameworkDescription,
                ["torchsharp"] = VersionOf(typeof(TorchSharp.torch).Assembly),
                ["system"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
            },
            Options = options.ToJson(),
        };
    }

    private static void CheckUnchanged(RunRecord earlier, BaseModel @base, RunData[] data)
    {
        const string Hint = "a run goes on with the same model and texts only; bring them back, or start a new run.";
        if (earlier.ModelHash != @base.Hash)
        {
            throw InputException.InFile(@base.Directory, $"has weights with the hash {@base.Hash[..12]}.., the run began with {earlier.ModelHash[..12]}...", Hint);
        }

        foreach (var (now, then) in data.Zip(earlier.Data))
        {
            if (now.Hash != then.Hash)
            {
                throw InputException.InFile(now.Source, $"has other {now.Role} texts than when the run began ({now.Texts}, then {then.Texts}).", Hint);
            }
        }
    }

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? assembly.GetName().Version!.ToString(); // assemblies have versions
}
