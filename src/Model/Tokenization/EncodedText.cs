using System.Text.Json.Serialization;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Which part of a text survives when it is longer than the limit; [CLS] and [SEP] always stay.</summary>
public enum Truncation
{
    /// <summary>Keep the beginning, as Hugging Face does by default.</summary>
    [JsonStringEnumMemberName("head")]
    Head,

    /// <summary>Keep the end.</summary>
    [JsonStringEnumMemberName("tail")]
    Tail,

    /// <summary>Keep a quarter from the beginning and the rest from the end.</summary>
    [JsonStringEnumMemberName("head+tail")]
    HeadAndTail,
}

/// <summary>A text as the model reads it: token ids, [CLS] first and [SEP] last, cut to a limit.</summary>
public sealed class EncodedText
{
    /// <summary>Takes the array over.</summary>
    public EncodedText(int[] ids, int totalTokens)
    {
        Ids = ids;
        TotalTokens = totalTokens;
    }

    /// <summary>Token ids after cutting, special tokens included; at least 2.</summary>
    public int[] Ids { get; }

    /// <summary>Tokens the whole text has, special tokens included.</summary>
    public int TotalTokens { get; }

    /// <summary>True when part of the text was left out.</summary>
    public bool Truncated => TotalTokens > Ids.Length;
}
