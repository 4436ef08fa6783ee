using System.Threading.Tasks.Sources;

namespace LoraOnnx;

/// <summary>
/// A text that waits for the engine, and the promise of its answer. Used again for the next text when both who waits and who answers have let it go.
/// </summary>
internal sealed class WaitingText : IValueTaskSource<TextClassification>
{
    private readonly SharedBatches _batches;
    private ManualResetValueTaskSourceCore<bool> _answered = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _given;
    private int[] _ids = [];
    private int _tokens;
    private int _totalTokens;
    private float[] _logits = [];
    private int _labels;
    private int _holders;
    private bool _isClaimed; // by the engine's answer or by who gave up, whoever came first
    private bool _isRead;

    public WaitingText(SharedBatches batches) => _batches = batches;

    /// <summary>The text as the model reads it.</summary>
    public ReadOnlyMemory<int> Ids => _ids.AsMemory(0, _tokens);

    /// <summary>True when part of the text was left out.</summary>
    public bool IsTruncated => _totalTokens > _tokens;

    /// <summary>What the engine said.</summary>
    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, _labels);

    /// <summary>True when nobody wants the answer any more.</summary>
    public bool IsGivenUp => Volatile.Read(ref _isClaimed);

    /// <summary>The promise; to be awaited once.</summary>
    public ValueTask<TextClassification> Task => new(this, _answered.Version);

    /// <summary>Takes a text; from now on two hold this object.</summary>
    public void Begin(EncodeText encode, string text)
    {
        _tokens = encode(text, ref _ids, out _totalTokens);
        _holders = 2;
    }

    /// <summary>From now on the token gives the answer up.</summary>
    public void Watch(CancellationToken cancellationToken) =>
        _given = cancellationToken.UnsafeRegister(static (state, token) => ((WaitingText)state!).GiveUp(token), this); // the state given beside it

    /// <summary>Answers, unless the answer was given up.</summary>
    public void Answer(ReadOnlySpan<float> logits)
    {
        if (_logits.Length < logits.Length)
        {
            _logits = new float[logits.Length];
        }

        logits.CopyTo(_logits);
        _labels = logits.Length;
        if (TryClaim())
        {
            _answered.SetResult(true);
        }
    }

    /// <summary>Answers with a failure, unless the answer was given up.</summary>
    public void Fail(TextClassificationException failure)
    {
        if (TryClaim())
        {
            _answered.SetException(failure);
        }
    }

    /// <summary>One of the two lets go.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _answered.Reset();
            (_isClaimed, _isRead) = (false, false);
            _given = default;
            _batches.GiveBack(this);
        }
    }

    TextClassification IValueTaskSource<TextClassification>.GetResult(short token)
    {
        if (_answered.GetStatus(token) == ValueTaskSourceStatus.Pending || Interlocked.Exchange(ref _isRead, true))
        {
            throw new InvalidOperationException("An answer is awaited, and once: AsTask gives a task that may be awaited again and again.");
        }

        try
        {
            _given.Dispose(); // waits for a callback that runs, so that it cannot meet the next text
            _answered.GetResult(token);
            return _batches.Read(this);
        }
        finally
        {
            Release();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<TextClassification>.GetStatus(short token) => _answered.GetStatus(token);

    void IValueTaskSource<TextClassification>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _answered.OnCompleted(continuation, state, token, flags);

    private void GiveUp(CancellationToken token)
    {
        if (TryClaim())
        {
            _answered.SetException(new OperationCanceledException(token));
        }
    }

    private bool TryClaim() => !Interlocked.Exchange(ref _isClaimed, true);
}

/// <summary>Writes the ids of a text to the beginning of an array, or of a longer one in its place, and says how many they are.</summary>
internal delegate int EncodeText(string text, ref int[] ids, out int totalTokens);
