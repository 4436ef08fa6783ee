using System.Text.RegularExpressions;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Inference.Variants;

/// <summary>The parts of a variant on disk.</summary>
internal sealed partial record VariantFiles
{
    /// <summary>Beside an adapter, as the hub shows it: its front matter may name the base's weights.</summary>
    private const string CardFileName = "README.md";

    private const int LargestCard = 1 << 20;

    /// <summary>The directory that the user named: labels, calibration and golden texts stand here.</summary>
    public required string Root { get; init; }

    /// <summary>The adapter in peft's format, or null.</summary>
    public string? Adapter { get; init; }

    /// <summary>The directory of a head, or null.</summary>
    public string? Head { get; init; }

    /// <summary>The run, or null.</summary>
    public RunDirectory? Run { get; init; }

    /// <summary>SHA-256 of the base's weights, from run.json or the adapter's card; null where neither says it.</summary>
    public string? BaseHash => Run?.Record.ModelHash ?? HashInCard();

    /// <exception cref="InputException">There are no such files.</exception>
    public static VariantFiles Find(VariantSource source)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source.Path));
        if (!Directory.Exists(path))
        {
            throw InputException.InFile(source.Path, "no such directory.", source.IsHead
                ? $"a head is a directory with {Checkpoint.WeightsFileName}, or a run of lora-train --method head."
                : "an adapter is a run of lora-train, or a directory as peft saves it.");
        }

        if (RunDirectory.IsRun(path))
        {
            return OfRun(source, RunDirectory.Open(path), path);
        }

        // The adapter/ or head/ folder of a run belongs to it.
        var run = Path.GetDirectoryName(path) is { } above && RunDirectory.IsRun(above) ? RunDirectory.Open(above) : null;
        return source.IsHead ? new VariantFiles { Root = path, Head = path, Run = run } : new VariantFiles { Root = path, Adapter = path, Run = run };
    }

    private static VariantFiles OfRun(VariantSource source, RunDirectory run, string path)
    {
        if (run.AdapterDirectory is null && run.HeadDirectory is null)
        {
            throw InputException.InFile(source.Path, "is a run without an adapter or a head.", "wait until lora-train has kept its first weights.");
        }

        if (source.IsHead && run.AdapterDirectory is not null)
        {
            throw InputException.InFile(source.Path, "is a run that trained an adapter; its head belongs to it.", "use --adapter.");
        }

        return new VariantFiles { Root = path, Adapter = run.AdapterDirectory, Head = run.HeadDirectory, Run = run };
    }

    private string? HashInCard()
    {
        var card = Path.Combine(Adapter ?? Root, CardFileName);
        if (!File.Exists(card))
        {
            return null;
        }

        var lines = ForeignFile.ReadLines(card, LargestCard, "an adapter's card", CancellationToken.None);
        return lines.Select(line => BaseHashLine().Match(line)).FirstOrDefault(match => match.Success)?.Groups["hash"].Value.ToLowerInvariant();
    }

    [GeneratedRegex(@"\A\s*base_model_sha256\s*:\s*[""']?(?<hash>[0-9A-Fa-f]{64})[""']?\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex BaseHashLine();
}
