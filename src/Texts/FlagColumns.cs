namespace LoraOnnx.Texts;

/// <summary>Columns of which each says whether one class holds.</summary>
internal static class FlagColumns
{
    /// <summary>The names of those that hold.</summary>
    public static (RawLabel? Label, InputException? Problem) Of(ColumnRoles roles, Func<int, LabelCell?> cellOf, RowPlace place)
    {
        var held = new List<LabelCell>();
        foreach (var column in roles.LabelColumns)
        {
            var text = cellOf(column)?.Text.Trim();
            switch (text?.ToUpperInvariant())
            {
                case "1" or "1.0" or "TRUE":
                    held.Add(new LabelCell(LabelKind.Word, roles[column]));
                    break;
                case "0" or "0.0" or "FALSE":
                    break;
                default:
                    return (null, place.Error($"'{roles[column]}' is \"{text}\", expected 0 or 1.",
                        "--label-columns names columns that say of one class each whether it holds."));
            }
        }

        return (new RawLabel(true, held), null);
    }
}
