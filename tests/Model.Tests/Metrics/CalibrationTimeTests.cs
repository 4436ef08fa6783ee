using LoraOnnx.Model.Metrics;
using LoraOnnx.Tests.Fuzzing;
using static LoraOnnx.Tests.Fuzzing.ReadingTime;

namespace LoraOnnx.Model.Tests.Metrics;

/// <summary>calibration.json made to be slow to read.</summary>
public sealed class CalibrationTimeTests : IDisposable
{
    private static readonly Dictionary<string, Func<int, string>> _attacks = new()
    {
        ["thresholds"] = size => $$"""{"thresholds":[{{Many("0.5", size / 4)}}]}""",
        ["thresholds with one that is none"] = size => $$"""{"thresholds":[{{Many("0.5", size / 4)}},[[1]]]}""",
        ["sources"] = size => $$"""{"provenance":{ {{Numbered(size / 14, "\"{0}\":\"x\"")}} } }""",
        ["one source many times"] = size => $$"""{"provenance":{ {{Many("\"a\":[]", size / 7)}} } }""",
        ["unknown keys"] = size => $$"""{ {{Numbered(size / 12, "\"k{0}\":1")}} }""",
        ["a number of many digits"] = size => $$"""{"temperature":{{new string('1', size)}}}""",
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Attacks))]
    public void The_file_takes_time_in_proportion_to_its_size(string attack) => ReadingTime.Check(attack, size =>
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, $"{size}")).FullName;
        File.WriteAllText(Path.Combine(folder, Calibration.FileName), _attacks[attack](size));
        return folder;
    }, folder => Calibration.LoadOrNone(folder));
}
