namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>One change of a text before it is cut.</summary>
internal interface INormalizerStep
{
    /// <summary>What it does, in a line: equal lines give equal texts.</summary>
    string Identity { get; }

    /// <summary>False where it may change a unit inside a text, or what is beside it; two blanks in a row are never left alone.</summary>
    bool LeavesAlone(char unit);

    /// <summary>Changes the text; <paramref name="spare"/> is a buffer to write to, and the two may be exchanged.</summary>
    void Apply(ref NormalizedText text, ref NormalizedText spare);
}
