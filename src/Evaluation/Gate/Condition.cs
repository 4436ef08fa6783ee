using System.Globalization;

namespace LoraOnnx.Evaluation.Gate;

/// <summary>A condition on the figures: <c>lora.f1 >= raw.f1 + 0.01</c>. Two sums with + - * / and parentheses, and one comparison between
/// them.</summary>
internal sealed class Condition
{
    public const string Example = "an expression is like \"lora.f1 >= raw.f1 + 0.01\"; names are those of --json.";

    private static readonly string[] _comparisons = [">=", "<=", "==", "!=", ">", "<"];

    private readonly IReadOnlyList<ExpressionToken> _tokens;
    private int _position;

    private Condition(string expression)
    {
        Expression = expression;
        _tokens = ExpressionToken.Cut(expression);
    }

    /// <summary>As the user wrote it.</summary>
    public string Expression { get; }

    /// <summary>Reads an expression; what is wrong with its form, or a model that is not compared, is said before anything is scored.</summary>
    /// <exception cref="InputException">It is not an expression, or names an unknown model or figure.</exception>
    public static Condition Parse(string expression, IReadOnlyList<string> models)
    {
        var condition = new Condition(expression);
        foreach (var token in condition._tokens.Where(token => token.Kind == TokenKind.Figure))
        {
            FigureName.Check(expression, token.Text, models);
        }

        condition.Evaluate(_ => 1); // the numbers do not matter, the form does
        return condition;
    }

    /// <summary>Does it hold? <paramref name="figure"/> gives a figure by its name.</summary>
    public ConditionResult Evaluate(Func<string, double> figure)
    {
        _position = 0;
        var used = new Dictionary<string, double>(StringComparer.Ordinal);
        double Figure(string name) => used[name] = figure(name);

        var left = Sum(Figure);
        var comparison = _tokens[_position];
        if (!_comparisons.Contains(comparison.Text))
        {
            throw Unexpected("a comparison such as >=");
        }

        _position++;
        var right = Sum(Figure);
        return _tokens[_position].Kind == TokenKind.End
            ? new ConditionResult(Expression, Holds(left, comparison.Text, right), left, right, used)
            : throw Unexpected("the end");
    }

    private static bool Holds(double left, string comparison, double right) => comparison switch
    {
        ">=" => left >= right,
        "<=" => left <= right,
        "==" => left == right,
        "!=" => left != right,
        ">" => left > right,
        _ => left < right,
    };

    private double Sum(Func<string, double> figure)
    {
        var sum = Product(figure);
        while (_tokens[_position].Text is "+" or "-")
        {
            sum += _tokens[_position++].Text == "+" ? Product(figure) : -Product(figure);
        }

        return sum;
    }

    private double Product(Func<string, double> figure)
    {
        var product = Factor(figure);
        while (_tokens[_position].Text is "*" or "/")
        {
            product = _tokens[_position++].Text == "*" ? product * Factor(figure) : product / Factor(figure);
        }

        return product;
    }

    private double Factor(Func<string, double> figure)
    {
        var token = _tokens[_position];
        switch (token)
        {
            case { Kind: TokenKind.Number } when double.TryParse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                _position++;
                return number;
            case { Kind: TokenKind.Figure }:
                _position++;
                return figure(token.Text);
            case { Text: "-" }:
                _position++;
                return -Factor(figure);
            case { Text: "(" }:
                _position++;
                var inside = Sum(figure);
                if (_tokens[_position].Text != ")")
                {
                    throw Unexpected("')'");
                }

                _position++;
                return inside;
            default:
                throw Unexpected("a number or a figure");
        }
    }

    private InputException Unexpected(string expected)
    {
        var token = _tokens[_position];
        var found = token.Kind == TokenKind.End
            ? "ends"
            : $"has '{token.Text}' at character {(token.Start + 1).ToString(CultureInfo.InvariantCulture)}";
        return new InputException($"--require \"{Expression}\" {found}, expected {expected}.", Example);
    }
}

/// <summary>Whether a requirement holds, with both sides and the figures in it.</summary>
internal sealed record ConditionResult(string Expression, bool Holds, double Left, double Right, IReadOnlyDictionary<string, double> Figures)
{
    /// <summary>One line: <c>lora.f1 >= raw.f1 + 0.01: 0.866 against 0.876 (lora.f1 = 0.866, raw.f1 = 0.866)</c>.</summary>
    public string Describe()
    {
        var figures = string.Join(", ", Figures.Select(figure => $"{figure.Key} = {Text(figure.Value)}"));
        return $"{Expression}: {Text(Left)} against {Text(Right)}{(figures.Length > 0 ? $" ({figures})" : "")}";
    }

    private static string Text(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
