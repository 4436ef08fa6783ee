using System.Runtime.InteropServices;
using LoraOnnx.Model;
using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training.Recording;

/// <summary>The run.json of a run that begins or goes on.</summary>
internal static class RunRecords
{
    /// <summary>A new record.</summary>
    public static RunRecord Begin(TrainingOptions options, EffectiveOptions effective, BaseModel @base, TrainingTexts texts, ITrainingEngine engine)
    {
        return new RunRecord
        {
            Version = effective.Rules.Version,
            ToolVersion = ToolVersion.Text,
            Method = EnumNames.Of(options.Method),
            Model = options.Model,
            ModelDirectory = Path.GetFullPath(@base.Directory),
            ModelHash = @base.Hash,
            NewHeadSeed = @base.NewHeadSeed,
            Labels = @base.Config.Task.Labels,
            ProblemType = ClassificationTask.NameOf(@base.Config.Task.ProblemType),
            Rank = effective.Adapters?.Rank,
            Alpha = effective.Adapters?.Alpha,
            MaxLength = effective.MaxLength,
            Truncate = EnumNames.Of(options.Truncate),
            Precision = EnumNames.Of(effective.Machine.Precision),
            Engine = engine.Name,
            Device = EnumNames.Of(effective.Machine.Device),
            Threads = effective.Machine.Threads,
            TrainedParameters = 0,
            TrainingSeconds = 0,
            StartedAt = DateTimeOffset.UtcNow,
            TrainedTokens = 0,
            PaddingShare = 0, // texts are packed end to end
            Finished = false,
            Data = Describe(@base, texts),
            Libraries = new Dictionary<string, string>(engine.Libraries)
            {
                ["dotnet"] = RuntimeInformation.FrameworkDescription,
                ["system"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
            },
            Options = options.ToJson(),
            Effective = effective.ToJson(),
        };
    }

    /// <summary>Checks that a run goes on with what it began with.</summary>
    /// <exception cref="InputException">Model or texts have changed since the run began.</exception>
    public static void CheckUnchanged(RunRecord earlier, BaseModel @base, TrainingTexts texts)
    {
        const string Hint = "a run goes on with the same model and texts only; bring them back, or start a new run.";
        if (earlier.ModelHash != @base.Hash)
        {
            throw InputException.InFile(@base.Directory,
                $"has weights with the hash {@base.Hash[..12]}.., the run began with {earlier.ModelHash[..12]}...", Hint);
        }

        foreach (var (now, then) in Describe(@base, texts).Zip(earlier.Data))
        {
            if (now.Hash != then.Hash)
            {
                throw InputException.InFile(now.Source, $"has other {now.Role} texts than when the run began ({now.Texts}, then {then.Texts}).",
                    Hint);
            }
        }
    }

    private static RunData[] Describe(BaseModel @base, TrainingTexts texts) => [.. texts.All.Select(set => set.Describe(@base.Config.Task.Labels))];
}
