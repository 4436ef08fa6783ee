namespace LoraOnnx;

/// <summary>Classifies texts, in this process or on a server. May be called by any number of threads at once; texts that wait together share a
/// batch.</summary>
public interface ITextClassifier
{
    /// <summary>Classifies one text.</summary>
    /// <param name="text">Any text; one longer than the model reads is cut as it was in training, and the answer says so.</param>
    /// <param name="cancellationToken">Gives the answer up; a text that waits then costs nothing.</param>
    /// <exception cref="OperationCanceledException">The answer was given up.</exception>
    /// <exception cref="TextClassificationException">The model or the server could not answer.</exception>
    ValueTask<TextClassification> ClassifyAsync(string text, CancellationToken cancellationToken = default);

    /// <summary>Classifies several texts; answers in their order. All have an answer, or none.</summary>
    /// <param name="texts">Any texts, in any number.</param>
    /// <param name="cancellationToken">Gives the answers up.</param>
    /// <exception cref="OperationCanceledException">The answers were given up.</exception>
    /// <exception cref="TextClassificationException">The model or the server could not answer one of them.</exception>
    ValueTask<IReadOnlyList<TextClassification>> ClassifyAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default);
}
