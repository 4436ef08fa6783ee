using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training;

/// <summary>Runs one after another, each in a folder of its own, on one base in memory and texts that are read and encoded once.</summary>
/// <param name="What">What they are together, as people call it.</param>
/// <param name="Folder">Holds the folders of the runs.</param>
/// <param name="Runs">Each with what it is called, and with its folder as <see cref="TrainingOptions.Out"/>.</param>
internal sealed record SeveralRuns(string What, string Folder, IReadOnlyList<(string Text, TrainingOptions Options)> Runs)
{
    /// <summary>Makes them.</summary>
    /// <param name="start">How each begins.</param>
    /// <param name="inputs">What the first may share.</param>
    /// <param name="display">Where it is told.</param>
    /// <param name="cancellationToken">Ends the run that is on, with a checkpoint, and those after it.</param>
    /// <returns>Those that ended with an error.</returns>
    /// <exception cref="InputException">A run cannot begin.</exception>
    public IReadOnlyList<string> Run(RunStart start, LastInputs inputs, ITrainingDisplay display, CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        foreach (var (place, (text, options)) in Runs.Index())
        {
            display.Note($"run {place + 1} of {Runs.Count}: {text}");
            try
            {
                TrainingProgram.Run(options, start with { Json = false }, inputs, display, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                display.Note($"with all runs of the {What}: lora-train --out {Folder} --resume");
                throw;
            }
            catch (InputException failure) when (HasBegun(options.Out))
            {
                display.Warn($"{text}: {failure.Message}");
                failures.Add(text);
            }
        }

        return failures;
    }

    /// <summary>The exit code, or what went wrong.</summary>
    /// <exception cref="InputException">Some runs failed.</exception>
    public int End(IReadOnlyList<string> failures) => failures.Count == 0 ? CommandLine.ExitCode.Success : throw new InputException(
        $"{failures.Count} of {Runs.Count} runs ended with an error: {string.Join("; ", failures)}.",
        "the warnings above say which; the other runs are whole.");

    /// <summary>What is wrong with files or options is wrong for all runs; what happens once one has begun, such as a loss that is not finite,
    /// for that one.</summary>
    private static bool HasBegun(string folder) => RunDirectory.IsRun(folder) && RunDirectory.Open(folder).Record is { Finished: false };
}
