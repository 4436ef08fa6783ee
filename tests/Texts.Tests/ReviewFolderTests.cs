using System.IO.Compression;

namespace LoraOnnx.Texts.Tests;

public sealed class ReviewFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Neg_and_pos_are_read_in_the_order_of_their_classes_and_unlabelled_texts_are_left_out()
    {
        _folder.Write("pos/0_9.txt", "good");
        _folder.Write("neg/1_2.txt", "bad\nin two lines");
        _folder.Write("neg/0_3.txt", "worse");
        _folder.Write("unsup/0_0.txt", "nobody knows");
        _folder.Write("labeledBow.feat", "0:1");
        using (var stream = new GZipStream(File.Create(Path.Combine(_folder.Path, "pos", "1_8.txt.gz")), CompressionLevel.Fastest))
        {
            stream.Write("packed"u8);
        }

        var texts = LabelledTexts.ReadAll(_folder.Path, Tasks.Reviews);

        Assert.Equal([("worse", 0), ("bad\nin two lines", 0), ("good", 1), ("packed", 1)], texts.Select(text => (text.Text, text.Labels[0])));
    }

    [Fact]
    public void Folders_follow_the_names_of_the_classes_not_their_own_order()
    {
        _folder.Write("pos/a.txt", "good");
        _folder.Write("neg/a.txt", "bad");

        Assert.Equal([0, 1], LabelledTexts.ReadAll(_folder.Path, Tasks.WithLabels("LABEL_0", "LABEL_1")).Select(text => text.Labels[0]));
        Assert.Equal(["good", "bad"], LabelledTexts.ReadAll(_folder.Path, Tasks.WithLabels("positive", "negative")).Select(text => text.Text));
    }

    [Fact]
    public void Folders_may_bear_the_names_of_any_classes()
    {
        _folder.Write("crime/a.txt", "c");
        _folder.Write("war/a.txt", "w");

        Assert.Equal([("w", 0), ("c", 2)],
            LabelledTexts.ReadAll(_folder.Path, Tasks.WithLabels("war", "love", "crime")).Select(text => (text.Text, text.Labels[0])));
    }

    [Fact]
    public void A_text_that_cannot_be_read_is_named()
    {
        _folder.Write("neg/0.txt", "bad");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "neg", "1.txt"), Path.Combine(_folder.Path, "nowhere"));

        Assert.Contains(Path.Combine("neg", "1.txt") + ": no such file.", Fails().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_no_class_a_folder_of_none_and_a_text_that_is_no_UTF8_are_named()
    {
        Assert.Contains("holds no folders", Fails().Message, StringComparison.Ordinal);

        Directory.CreateDirectory(Path.Combine(_folder.Path, "neg"));
        Assert.Contains("is empty, expected at least one", Fails().Message, StringComparison.Ordinal);

        File.WriteAllBytes(Path.Combine(_folder.Path, "neg", "0.txt"), [0xFF, 0xFE, 0x41]);
        Assert.Contains(Path.Combine("neg", "0.txt") + ": is not valid UTF-8", Fails().Message, StringComparison.Ordinal);

        _folder.Write("train/pos/0.txt", "x");
        Assert.Contains("train: is no class of the model", Fails().Message, StringComparison.Ordinal);
    }

    private InputException Fails() => Assert.Throws<InputException>(() => LabelledTexts.ReadAll(_folder.Path, Tasks.Reviews));
}
