using System.CommandLine;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Model;
using LoraOnnx.Model.Files;

namespace LoraOnnx.Evaluation;

/// <summary>The command line of lora-compare.</summary>
internal static class CompareCommand
{
    public static RootCommand Create()
    {
        var models = new Argument<string[]>("models")
        {
            HelpName = "[NAME=]PATH",
            Description = "An ONNX file or its directory, a checkpoint directory, or a run of lora-train (merged in memory).",
            Arity = ArgumentArity.OneOrMore,
        };
        var data = new Option<string>("--data") { HelpName = "FILE", Description = "Labelled texts that every model is scored on.", Required = true };
        var output = new Option<string?>("--out") { HelpName = "FILE", Description = "HTML report to write." };
        var json = new Option<bool>("--json") { Description = "Print the figures as JSON on standard output, instead of the table." };
        var predictions = new Option<string?>("--predictions") { HelpName = "FILE", Description = "JSON Lines file to write: logits and label of each text and model." };
        var threads = new Option<int>("--threads") { Description = "Threads that score; 0: all cores the process may use.", DefaultValueFactory = _ => 0 };
        var root = new RootCommand("Scores several models on one test set and puts their figures side by side.") { models, data, output, json, predictions, threads };
        root.SetAction((parsed, token) =>
        {
            var options = new CompareOptions
            {
                Models = ModelArgument.ParseAll(parsed.GetRequiredValue(models)),
                Data = parsed.GetRequiredValue(data),
                Out = parsed.GetValue(output),
                Predictions = parsed.GetValue(predictions),
                Json = parsed.GetValue(json),
                Threads = parsed.GetValue(threads),
            };
            Check(options);
            Report(Comparison.Run(options, token), options);
            return Task.FromResult(CommandLine.ExitCode.Success);
        });
        return root;
    }

    private static void Check(CompareOptions options)
    {
        if (options.Threads is < 0 or > 1024)
        {
            throw new InputException($"--threads is {options.Threads}, expected 0 to 1024.", "0 takes all cores.");
        }

        // Before minutes of scoring, not after.
        foreach (var path in new[] { options.Out, options.Predictions }.OfType<string>())
        {
            if (Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            {
                throw InputException.InFile(path, Directory.Exists(path) ? "is a directory, expected the name of a file." : "its directory does not exist.");
            }
        }
    }

    private static void Report(IReadOnlyList<ModelResult> results, CompareOptions options)
    {
        if (options.Out is { } path)
        {
            AtomicFile.WriteText(path, HtmlReport.Of(results, options.Data));
            Console.Error.WriteLine($"report: {path}");
        }

        if (options.Predictions is { } predictions)
        {
            Console.Error.WriteLine($"predictions: {predictions}");
        }

        Console.Out.Write(options.Json ? JsonReport.Of(results, options.Data) : FigureTable.ToText(results));
    }
}
