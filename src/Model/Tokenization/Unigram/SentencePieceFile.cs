using Google.Protobuf;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>What sentencepiece.bpe.model holds: SentencePiece's <c>ModelProto</c>, of which pieces, kind and character map count.</summary>
/// <param name="Pieces">Text, score and type of each piece, in order.</param>
/// <param name="CharacterMap">The precompiled map; empty where texts are not normalized.</param>
internal sealed record SentencePieceFile(IReadOnlyList<(string Text, float Score, int Type)> Pieces, byte[] CharacterMap)
{
    public const int Unknown = 2;
    public const int Control = 3;
    public const int UserDefined = 4;

    private const int Normal = 1;
    private const int Byte = 6;
    private const int Unigram = 1;

    /// <exception cref="InputException">The file is not a model of SentencePiece, or is of another kind than Unigram.</exception>
    public static SentencePieceFile Load(string path) => Parse(path,
        ForeignFile.ReadBytes(path, VocabularyFile.LargestFile, "a SentencePiece model", CancellationToken.None));

    public static SentencePieceFile Parse(string path, byte[] bytes)
    {
        try
        {
            return Read(path, new CodedInputStream(bytes));
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw InputException.InFile(path, $"is not a SentencePiece model: {failure.Message}", "the file is damaged or cut.", failure);
        }
    }

    private static SentencePieceFile Read(string path, CodedInputStream input)
    {
        var pieces = new List<(string Text, float Score, int Type)>();
        var (map, kind) = (Array.Empty<byte>(), Unigram);
        while (input.ReadTag() is > 0 and var tag)
        {
            switch (tag)
            {
                case (1 << 3) | 2:
                    pieces.Add(ReadPiece(input.ReadBytes()));
                    break;
                case (2 << 3) | 2:
                    kind = ReadKind(input.ReadBytes());
                    break;
                case (3 << 3) | 2:
                    map = ReadCharacterMap(input.ReadBytes());
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return kind != Unigram ? throw InputException.InFile(path, $"has the model_type {kind}, expected 1 (UNIGRAM).",
            "other kinds are not supported.")
            : pieces.Exists(piece => piece.Type == Byte)
                ? throw InputException.InFile(path, "has pieces of single bytes (byte_fallback), which are not supported.")
            : pieces.Exists(piece => !float.IsFinite(piece.Score))
                ? throw InputException.InFile(path, "has scores that are not finite.", "the file is damaged.")
            : new SentencePieceFile(pieces, map);
    }

    private static (string Text, float Score, int Type) ReadPiece(ByteString message)
    {
        var (text, score, type) = ("", 0f, Normal);
        var input = message.CreateCodedInput();
        while (input.ReadTag() is > 0 and var tag)
        {
            switch (tag)
            {
                case (1 << 3) | 2:
                    text = input.ReadString();
                    break;
                case (2 << 3) | 5:
                    score = input.ReadFloat();
                    break;
                case 3 << 3:
                    type = input.ReadEnum();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return (text, score, type);
    }

    private static int ReadKind(ByteString trainer)
    {
        var kind = Unigram;
        var input = trainer.CreateCodedInput();
        while (input.ReadTag() is > 0 and var tag)
        {
            if (tag == 3 << 3)
            {
                kind = input.ReadEnum();
            }
            else
            {
                input.SkipLastField();
            }
        }

        return kind;
    }

    private static byte[] ReadCharacterMap(ByteString normalizer)
    {
        var map = Array.Empty<byte>();
        var input = normalizer.CreateCodedInput();
        while (input.ReadTag() is > 0 and var tag)
        {
            if (tag == ((2 << 3) | 2))
            {
                map = input.ReadBytes().ToByteArray();
            }
            else
            {
                input.SkipLastField();
            }
        }

        return map;
    }
}
