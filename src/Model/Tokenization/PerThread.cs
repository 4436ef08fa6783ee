namespace LoraOnnx.Model.Tokenization;

/// <summary>One object a thread that is used again for the next text, so that reading a text allocates nothing.</summary>
internal static class PerThread<T>
    where T : class, new()
{
    [ThreadStatic]
    private static T? _spare;

    /// <summary>The thread's own object, or a new one where it is in use.</summary>
    public static T Take()
    {
        var spare = _spare ?? new T();
        _spare = null;
        return spare;
    }

    /// <summary>Gives an object back; nothing may use it any more.</summary>
    public static void Return(T spare) => _spare = spare;
}
