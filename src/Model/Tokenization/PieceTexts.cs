namespace LoraOnnx.Model.Tokenization;

/// <summary>Vocabulary entries by id, added tokens among them.</summary>
internal sealed class PieceTexts
{
    private readonly string?[] _texts;

    public PieceTexts(TokenizerFiles files)
    {
        _texts = new string?[1 + files.Pieces.Select(piece => piece.Id).Concat(files.Added.Ids.Values).DefaultIfEmpty(-1).Max()];
        foreach (var (text, id) in files.Pieces)
        {
            _texts[id] = text;
        }

        foreach (var (text, id) in files.Added.Ids)
        {
            _texts[id] = text;
        }
    }

    /// <summary>The highest id plus 1.</summary>
    public int Size => _texts.Length;

    /// <summary>The entry of an id, or null where there is none.</summary>
    public string? this[int id] => (uint)id < (uint)_texts.Length ? _texts[id] : null;
}
