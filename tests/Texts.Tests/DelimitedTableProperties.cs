using System.Text;
using FsCheck.Xunit;

namespace LoraOnnx.Texts.Tests;

/// <summary>Whatever is quoted as RFC 4180 says is read back as it was.</summary>
public sealed class DelimitedTableProperties
{
    [Property(MaxTest = 300, Arbitrary = [typeof(AnyText)])]
    public void Quoted_texts_come_back(string[] texts, bool isTab, bool isWindows)
    {
        // UTF-8 has no lone surrogates.
        string[] whole = [.. texts.Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)))];
        var (delimiter, lineEnd) = (isTab ? '\t' : ',', isWindows ? "\r\n" : "\n");
        var content =
            string.Concat(
                whole.Select((text, index) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"{delimiter}{index % 2}{lineEnd}"));
        var bytes = Encoding.UTF8.GetBytes($"text{delimiter}label{lineEnd}{content}");

        var read = Tasks.Of(new DelimitedTable("x.csv", new TextOptions(), labelled: true, TextNotices.None)
            .Read(new MemoryStream(bytes), TextLimits.Standard), Tasks.Reviews).ToList();

        Assert.Equal(whole, read.Select(row => row.Text));
        Assert.Equal(whole.Select((_, index) => index % 2), read.Select(row => row.Labels[0]));
    }
}
