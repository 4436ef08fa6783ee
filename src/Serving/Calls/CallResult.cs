namespace LoraOnnx.Serving.Calls;

/// <summary>
/// What a call asked for, or why it is not given: never both. Overload, wrong input and deadlines are common and must be cheap, so they are values.
/// </summary>
internal readonly record struct CallResult<T>(T? Value, CallError? Error)
    where T : class
{
    public static implicit operator CallResult<T>(T value) => new(value, null);

    public static implicit operator CallResult<T>(CallError error) => new(null, error);
}
