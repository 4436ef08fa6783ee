using LoraOnnx.Model.Tests.Texts;
using LoraOnnx.Model.Texts;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>Parquet files from strangers: sizes that do not fit the file are found before the library believes them, and all of its errors become one of ours.</summary>
/// <remarks>
/// Fewer inputs than for the other readers: the library takes a millisecond for each, and in about one of 6,000 its decoder of repetition levels goes on for minutes, which
/// nothing outside of it can prevent.
/// </remarks>
public sealed class ParquetFuzzTests
{
    [Fact]
    public void Every_file_gives_texts_or_an_error_of_ours()
    {
        var seeds = new[] { "classes", "flags", "null-text" }.Select(name => File.ReadAllBytes(Repository.Path("tests", "Model.Tests", "Texts", "foreign", $"{name}.parquet")));

        new FuzzRun(new Mutator(seeds, ["\0", "\u0001", "\u007f", "text"]),
            "does not end as Parquet files do", "none of Parquet's", "ends behind the file", "unpacked bytes: ", "bytes: ", "page: ", "is null, expected a string", "is not a Parquet file that can be read: ", "no column is called", "'label")
        {
            Inputs = 1_000,
            MayBeMissed = ["unpacked bytes: ", "page: ", "no column is called", "'label"],
        }
            .Check(input =>
            {
                foreach (var text in new ParquetTable("texts.parquet", Models.Topics).Read(new MemoryStream(input)))
                {
                    Assert.NotNull(text.Text);
                }
            });
    }
}
