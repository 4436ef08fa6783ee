using System.Diagnostics;
using System.Text;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tests.Safetensors;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>Fuzz for time: descriptions made to be slow. No reader takes more than a second a MiB, nor more than 2.5 times as long for twice the
/// size.</summary>
public sealed class ReadingTimeTests
{
    /// <summary>Below this the ratio wavers with what else the machine does; a quadratic reader takes minutes.</summary>
    private static readonly TimeSpan _noise = TimeSpan.FromMilliseconds(500);

    private static readonly Dictionary<string, (Func<int, string> Make, Action<string> Read)> _attacks = new()
    {
        ["a shape with a nested element"] = (size => $$$"""{"a":{"dtype":"F32","shape":[{{{Many("1", size / 2)}}},[1]],"data_offsets":[0,4]}}""",
            Header),
        ["a shape of nested lists"] = (size => $$$"""{"a":{"dtype":"F32","shape":[{{{Many("[1,1,1]", size / 8)}}}],"data_offsets":[0,4]}}""", Header),
        ["offsets without an end"] = (size => $$$"""{"a":{"dtype":"F32","shape":[1],"data_offsets":[{{{Many("10000", size / 6)}}}]}}""", Header),
        ["empty tensors"] = (size => $$"""{{{Numbered(size / 60, "\"{0}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")}}}""", Header),
        ["one tensor many times"] = (size => $$"""{{{Many("\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", size / 60)}}}""", Header),
        ["metadata"] = (size => $$"""{"__metadata__":{ {{Numbered(size / 20, "\"{0}\":\"x\"")}} } }""", Header),
        ["a long name"] = (size => $$"""{"{{new string('x', size)}}":1}""", Header),
        ["patterns of ranks"] = (size =>
            $$"""{"peft_type":"LORA","target_modules":["q_lin"],"rank_pattern":{ {{Numbered(size / 20, "\"a.{0}\":4")}} } }""", Adapter),
        ["names of modules"] = (size => $$"""{"peft_type":"LORA","target_modules":[{{Numbered(size / 12, "\"m{0}\"")}}]}""", Adapter),
        ["layers"] = (size => $$"""{"peft_type":"LORA","target_modules":["q_lin"],"layers_to_transform":[{{Many("123", size / 4)}}]}""", Adapter),
        ["unknown keys"] = (size => $$"""{"peft_type":"LORA","target_modules":["q_lin"],{{Numbered(size / 16, "\"k{0}\":null")}}}""", Adapter),
    };

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public void A_reader_takes_time_in_proportion_to_the_size(string attack)
    {
        const int Half = 1 << 20;
        var (make, read) = _attacks[attack];
        read(make(1 << 12)); // compiled and warm
        var (half, whole) = (Least(read, make(Half)), Least(read, make(2 * Half)));

        TestContext.Current.TestOutputHelper?.WriteLine($"{attack}: 1 MiB {half.TotalMilliseconds:F0} ms, 2 MiB {whole.TotalMilliseconds:F0} ms");
        Assert.True(whole < TimeSpan.FromSeconds(2), $"2 MiB take {whole.TotalSeconds:F1} s of the processor.");
        Assert.True(whole <= _noise || whole <= 2.5 * half, $"1 MiB takes {half.TotalMilliseconds:F0} ms, 2 MiB {whole.TotalMilliseconds:F0} ms.");
    }

    [Fact]
    public void Thousands_of_patterns_and_axes_are_refused_by_their_count()
    {
        var config = $$"""{"peft_type":"LORA","target_modules":["q_lin"],"rank_pattern":{ {{Numbered(50_000, "\"a.{0}\":4")}} } }""";
        var header = $$$"""{"a":{"dtype":"F32","shape":[{{{Many("1", 9)}}}],"data_offsets":[0,4]}}""";

        Assert.Contains("'rank_pattern' has 50000 entries, expected at most 1000.",
            Assert.Throws<InputException>(() => PeftConfig.Parse("adapter_config.json", Encoding.UTF8.GetBytes(config))).Message);
        Assert.Contains("tensor 'a' has 9 axes, expected at most 8.",
            Assert.Throws<InputException>(() => SafetensorsFile.Open("x.safetensors", new MemoryStream(SafetensorsBytes.Of(header, 4)))).Message);
    }

    /// <summary>The least of three times, which other programs on the machine cannot shorten.</summary>
    private static TimeSpan Least(Action<string> read, string text) => Enumerable.Range(0, 3).Min(_ =>
    {
        var start = Stopwatch.GetTimestamp();
        read(text);
        return Stopwatch.GetElapsedTime(start);
    });

    private static void Header(string json) =>
        Try(() => SafetensorsFile.Open("x.safetensors", new MemoryStream(SafetensorsBytes.Of(json, 0))).Dispose());

    private static void Adapter(string json) => Try(() => PeftConfig.Parse("adapter_config.json", Encoding.UTF8.GetBytes(json)));

    private static void Try(Action read)
    {
        try
        {
            read();
        }
        catch (InputException error)
        {
            Assert.True(error.Message.Length <= 1100, "the message is long.");
        }
    }

    private static string Many(string item, int count) => string.Join(',', Enumerable.Repeat(item, Math.Max(1, count)));

    private static string Numbered(int count, string format) =>
        string.Join(',', Enumerable.Range(0, Math.Max(1, count))
            .Select(number => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, number)));
}
