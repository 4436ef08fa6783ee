namespace LoraOnnx.Reports.Values;

/// <summary>A text whose words are coloured by what they add to an answer.</summary>
/// <param name="Caption">Whose answer it is.</param>
/// <param name="Words">The words, each with what stands before it.</param>
/// <param name="Rest">What stands after the last of them.</param>
/// <param name="Notes">What limits the picture.</param>
public sealed record WordPicture(Line Caption, IReadOnlyList<ColouredWord> Words, string Rest, IReadOnlyList<Line> Notes);

/// <summary>A word of a text.</summary>
/// <param name="Before">What stands between it and the word before.</param>
/// <param name="Text">The word.</param>
/// <param name="Share">What it adds, from -1 to 1 of the word that adds or takes most.</param>
/// <param name="Number">The same as a number, for those who do not see colours.</param>
public sealed record ColouredWord(string Before, string Text, double Share, Piece Number);
