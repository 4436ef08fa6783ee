namespace LoraOnnx.Inference;

/// <summary>Logits of a batch, in space that is used again for the next batch. Not thread-safe.</summary>
public sealed class TextLogits
{
    private float[] _values = [];
    private int _texts;

    /// <summary>Numbers of a text: a logit a class.</summary>
    public int Labels { get; private set; }

    /// <summary>The logits of a text of the batch; valid until the next run.</summary>
    public ReadOnlySpan<float> this[int text] => _values.AsSpan(0, _texts * Labels).Slice(text * Labels, Labels);

    internal WidthOrder Order { get; } = new();

    internal void Begin(int texts) => (_texts, Labels) = (texts, 0);

    /// <summary>Takes rows [places, labels], each for the text that stands at its place.</summary>
    internal void Put(ReadOnlySpan<int> places, ReadOnlySpan<float> rows)
    {
        var labels = rows.Length / places.Length;
        if (_values.Length < _texts * labels)
        {
            _values = new float[_texts * labels]; // the first rows of a batch: nothing is lost
        }

        Labels = labels;
        for (var row = 0; row < places.Length; row++)
        {
            rows.Slice(row * labels, labels).CopyTo(_values.AsSpan(places[row] * labels));
        }
    }

    /// <summary>Copies [texts][labels].</summary>
    internal float[][] ToRows()
    {
        var rows = new float[_texts][];
        for (var text = 0; text < rows.Length; text++)
        {
            rows[text] = this[text].ToArray();
        }

        return rows;
    }
}
