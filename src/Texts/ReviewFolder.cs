using System.IO.Compression;
using System.Text;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>
/// Reads a folder with a folder for each class and a text in each file, as the Large Movie Review Dataset has it: <c>neg/*.txt</c> and
/// <c>pos/*.txt</c> (also
/// <c>.txt.gz</c>). Folders bear the names of classes; neg and pos are also the classes whose names begin so, else classes 0 and 1 of two.
/// <c>unsup</c> has no labels and is left out. Classes come in the order of their indices, files in the order of their names.
/// </summary>
internal sealed class ReviewFolder(string path, ClassificationTask task)
{
    private const string Unlabelled = "unsup";
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ClassNames _classes = new(task);

    public IEnumerable<LabelledText> Read(TextLimits limits)
    {
        var folders = Directory.GetDirectories(path).Where(folder => Path.GetFileName(folder) != Unlabelled)
            .Select(folder => (Folder: folder, Class: ClassOf(Path.GetFileName(folder)))).OrderBy(pair => pair.Class).ToList();
        if (folders.Count == 0)
        {
            throw InputException.InFile(path, "holds no folders, expected one for each class, such as neg and pos.",
                "give the folder that has them, such as aclImdb/train.");
        }

        var total = 0L;
        foreach (var (folder, label) in folders)
        {
            foreach (var file in Texts(folder))
            {
                var text = ReadText(file, limits.LineBytes);
                total += text.Length;
                if (total > limits.TotalBytes)
                {
                    throw InputException.InFile(file, $"the texts are larger than {limits.TotalBytes} characters together.");
                }

                yield return new LabelledText { Text = text, Labels = [label] };
            }
        }
    }

    private static List<string> Texts(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Where(IsText).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(folder, failure);
        }
    }

    private static bool IsText(string file) => file.EndsWith(".txt", StringComparison.OrdinalIgnoreCase)
        || file.EndsWith(".txt.gz", StringComparison.OrdinalIgnoreCase);

    private int ClassOf(string folder)
    {
        if (_classes.Find(folder) is { } named)
        {
            return named;
        }

        var polarity = Array.IndexOf(["neg", "pos"], folder);
        if (polarity >= 0)
        {
            var alike = Enumerable.Range(0, task.Labels.Count)
                .Where(index => task.Labels[index].StartsWith(folder, StringComparison.OrdinalIgnoreCase)).ToList();
            if (alike.Count == 1 || (alike.Count == 0 && task.Labels.Count == 2))
            {
                return alike.Count == 1 ? alike[0] : polarity;
            }
        }

        throw InputException.InFile(Path.Combine(path, folder),
            $"is no class of the model, expected {_classes.Expected}{(task.Labels.Count == 2 ? ", or neg and pos" : "")}.",
            "give the folder that holds a folder for each class, such as aclImdb/train.");
    }

    private static string ReadText(string file, int limit)
    {
        try
        {
            using var content = ForeignFile.Open(file);
            using var stream = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
                ? new GZipStream(content, CompressionMode.Decompress)
                : (Stream)content;
            using var bytes = new MemoryStream();
            var buffer = new byte[16 << 10];
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > limit)
                {
                    throw InputException.InFile(file, $"is longer than {limit} bytes.");
                }
            }

            return _utf8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException failure)
        {
            throw InputException.InFile(file, $"is not valid UTF-8: {failure.Message}", "save the file as UTF-8.", failure);
        }
        catch (InvalidDataException failure)
        {
            throw InputException.InFile(file, $"the compressed data is damaged: {failure.Message}", inner: failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(file, failure);
        }
    }
}
