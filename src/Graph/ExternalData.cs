using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using LoraOnnx.Graph.Onnx;

namespace LoraOnnx.Graph;

/// <summary>Numbers of a model that lie in files of their own beside it (<c>model.onnx_data</c>): each file is opened once, so what is hashed is what
/// is loaded.</summary>
internal sealed class ExternalData
{
    /// <summary>Where the numbers of a tensor lie.</summary>
    private sealed record Piece(TensorProto Tensor, string Location, long Offset, long? Length);

    /// <summary>So many times over may the tensors of a file share its numbers; a word embedding that is an output too shares them once.</summary>
    private const int MostShared = 4;

    private readonly string _model;
    private readonly ILookup<string, Piece> _pieces;

    public ExternalData(string model, ModelProto proto)
    {
        _model = model;
        _pieces = Tensors(proto.Graph).Where(tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External)
            .Select(tensor => Describe(model, tensor)).ToLookup(piece => piece.Location, StringComparer.Ordinal);
    }

    /// <summary>The files named, in order.</summary>
    public IReadOnlyList<string> Files => [.. _pieces.Select(file => file.Key).Order(StringComparer.Ordinal)];

    /// <summary>Puts the numbers into the model. Returns hash and size of each file, in the order of <see cref="Files"/>.</summary>
    /// <exception cref="InputException">A file is missing, too short, or outside the model's directory.</exception>
    public List<(byte[] Hash, long Bytes)> Load() => [.. Files.Select(Load)];

    private (byte[] Hash, long Bytes) Load(string location)
    {
        var path = Path.Combine(Path.GetDirectoryName(_model) ?? "", location);
        if (!File.Exists(path))
        {
            throw InputException.InFile(_model, $"keeps numbers in '{location}', which is missing.",
                "copy the file of that name too: both are the model.");
        }

        try
        {
            using var stream = ForeignFile.Open(path);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var hashed = 0L;
            foreach (var (piece, length) in Checked(path, _pieces[location], stream.Length))
            {
                hashed = HashUntil(stream, hash, hashed, piece.Offset);
                stream.Position = piece.Offset; // before what is hashed where two tensors share their numbers
                var numbers = new byte[length];
                stream.ReadExactly(numbers);
                var known = (int)Math.Min(length, Math.Max(0, hashed - piece.Offset));
                hash.AppendData(numbers.AsSpan(known));
                hashed = Math.Max(hashed, piece.Offset + length);
                Take(piece.Tensor, numbers);
            }

            HashUntil(stream, hash, hashed, stream.Length);
            return (hash.GetHashAndReset(), stream.Length);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(path, failure);
        }
    }

    /// <summary>The pieces by place, with their lengths; that all of them lie in the file, and together are not many times the file: tensors may
    /// share their numbers, but each has them for itself in memory.</summary>
    private static List<(Piece Piece, long Length)> Checked(string path, IEnumerable<Piece> pieces, long fileLength)
    {
        var found = new List<(Piece, long)>();
        var sum = 0L;
        foreach (var piece in pieces.OrderBy(piece => piece.Offset))
        {
            var length = piece.Length ?? fileLength - piece.Offset;
            if (piece.Offset > fileLength || length > fileLength - piece.Offset || length > Array.MaxLength)
            {
                throw InputException.InFile(path,
                    $"has {fileLength} bytes; tensor '{piece.Tensor.Name}' lies from {piece.Offset}, {length} long.",
                    "the file is cut or of another model; copy both again.");
            }

            found.Add((piece, length));
            sum += length;
            if (sum > MostShared * fileLength)
            {
                throw InputException.InFile(path, $"has {fileLength} bytes, and its tensors more than {MostShared} times as many.",
                    "export the model anew: its tensors lie over each other.");
            }
        }

        return found;
    }

    private static long HashUntil(FileStream stream, IncrementalHash hash, long from, long until)
    {
        var buffer = new byte[Math.Clamp(until - from, 0, 1 << 16)];
        stream.Position = from;
        while (from < until)
        {
            var count = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, until - from));
            if (count == 0)
            {
                throw new EndOfStreamException("The file became shorter while it was read.");
            }

            hash.AppendData(buffer, 0, count);
            from += count;
        }

        return from;
    }

    private static void Take(TensorProto tensor, byte[] numbers)
    {
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(numbers);
        tensor.ClearDataLocation();
        tensor.ExternalData.Clear();
    }

    private static Piece Describe(string model, TensorProto tensor)
    {
        string? Entry(string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;
        long? Number(string key) => Entry(key) is not { } text ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw InputException.InFile(model, $"tensor '{tensor.Name}': '{key}' of its external data is '{text}', expected a number of bytes.");
        var location = Entry("location");
        return IsInside(location) ? new Piece(tensor, location!, Number("offset") ?? 0, Number("length")) // inside is not null
            : throw InputException.InFile(
                model, $"tensor '{tensor.Name}' keeps its numbers in '{location}', expected a file in the model's directory.");
    }

    private static bool IsInside(string? location) =>
        !string.IsNullOrEmpty(location) && !Path.IsPathRooted(location) && !location.Split('/', '\\').Contains("..")
            && !location.Contains('\0', StringComparison.Ordinal);

    /// <summary>Every tensor of a graph, those inside nodes too.</summary>
    private static IEnumerable<TensorProto> Tensors(GraphProto graph) =>
        graph.Initializer.Concat(graph.SparseInitializer.Select(sparse => sparse.Values))
            .Concat(graph.Node.SelectMany(node => node.Attribute).SelectMany(attribute =>
            (attribute.T is { } tensor ? [tensor] : Enumerable.Empty<TensorProto>())
                .Concat(attribute.G is { } branch ? Tensors(branch) : [])
                .Concat(attribute.Graphs.SelectMany(Tensors))));
}
