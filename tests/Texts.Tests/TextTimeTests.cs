using System.Text;
using LoraOnnx.Tests.Fuzzing;
using static LoraOnnx.Tests.Fuzzing.ReadingTime;

namespace LoraOnnx.Texts.Tests;

/// <summary>Files of texts made to be slow to read.</summary>
public sealed class TextTimeTests
{
    private const string Row = "{\"text\":\"a film\",\"label\":1}";

    private static readonly Dictionary<string, (string Name, Func<int, string> Make)> _attacks = new()
    {
        ["rows of JSON"] = ("t.jsonl", size => Many(Row, size / 28, "\n")),
        ["a row of many keys"] = ("t.jsonl", size => $$"""{"text":"a","label":1,{{Numbered(size / 12, "\"k{0}\":1")}}}"""),
        ["rows of new keys"] = ("t.jsonl", size => Numbered(size / 40, "{{\"text\":\"a\",\"label\":1,\"k{0}\":\"x\"}}", "\n")),
        ["one key many times"] = ("t.jsonl", size => $$"""{"label":1,{{Many("\"text\":\"a\"", size / 11)}}}"""),
        ["a long text of escapes"] = ("t.jsonl", size => $$"""{"text":"{{Many("\\ud83d", size / 6, "")}}","label":1}"""),
        ["a list of labels"] = ("t.jsonl", size => $$"""{"text":"a","label":[{{Many("1", size / 2)}}]}"""),
        ["blank lines"] = ("t.jsonl", size => new string('\n', size) + Row),
        ["a list of rows"] = ("t.json", size => $"[{Many(Row, size / 28)}]"),
        ["nested lists"] = ("t.json", size => new string('[', size)),
        ["rows of CSV"] = ("t.csv", size => "text,label\n" + Many("a film,1", size / 9, "\n")),
        ["a row of many columns"] = ("t.csv", size => $"text,label,{Numbered(size / 16, "c{0}")}\na,1,{Many("x", size / 16)}"),
        ["a quote without an end"] = ("t.csv", size => "text,label\n\"" + Many("a film,1", size / 9, "\n")),
        ["quotes that open in each row"] = ("t.csv", size => "text,label\n" + Many("\"a film,1", size / 10, "\n")),
        ["doubled quotes"] = ("t.csv", size => "text,label\n\"" + new string('"', size & ~1) + "\",1"),
        ["quoted line ends"] = ("t.csv", size => "text,label\n\"" + new string('\n', size) + "\",1"),
        ["blank lines of CSV"] = ("t.csv", size => "text,label\n" + new string('\n', size) + "a,1"),
        ["delimiters only"] = ("t.csv", size => "text,label\n" + new string(',', size)),
        ["rows of TSV with quotes"] = ("t.tsv", size => "text\tlabel\n" + Many("\"a film\t1", size / 10, "\n")),
        ["a long row of TSV with quotes"] = ("t.tsv", size => "text\tlabel\n" + Many("\"a\t", size / 3, "")),
        ["names of classes"] = ("t.csv", size => "text,label\n" + Numbered(size / 12, "a film,n{0}", "\n")),
    };

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public void A_file_takes_time_in_proportion_to_its_size(string attack)
    {
        var (name, make) = _attacks[attack];

        ReadingTime.Check(attack, size => new CountedFile(Encoding.UTF8.GetBytes(make(size))), file => file.ReadToEnd(stream =>
        {
            var (options, task) = (new TextOptions(), Tasks.Reviews);
            var labels = new LabelReader(task, options);
            var reading = new TextReading(options, Labelled: true, TextNotices.None);
            var rows = TextRows.Decoded(name, stream, Path.GetExtension(name), reading);
            var read = TextRows.Checked(name, rows, reading).ToList(); // a row that cannot be read is passed over
            if (SeenLabels.Of(read, options, null).Cells.Count <= task.Labels.Count)
            {
                read.ForEach(row => _ = row.Problem is null ? labels.Read(row.Label!, row.Place) : []); // labels were asked for
            }
        }));
    }
}
