namespace LoraOnnx.Serving.Calls;

/// <summary>What kind of answer a call gets instead of the one it asked for. Each protocol has its own word for each.</summary>
internal enum ErrorKind
{
    /// <summary>A field is wrong.</summary>
    InvalidArgument,

    /// <summary>A field holds nothing, and must not.</summary>
    Empty,

    /// <summary>A field is right, and more than the server or the model takes.</summary>
    OverLimit,

    /// <summary>What the call names is not here.</summary>
    NotFound,

    /// <summary>What the call would make is here already.</summary>
    AlreadyExists,

    /// <summary>Files or state of the server do not allow it.</summary>
    FailedPrecondition,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied,

    /// <summary>The caller has not shown who it is.</summary>
    Unauthenticated,

    /// <summary>Too busy; with a time to come back.</summary>
    ResourceExhausted,

    /// <summary>The request is larger than the server takes.</summary>
    TooLarge,

    /// <summary>The time that the caller allowed is over, or too short even for an idle server.</summary>
    DeadlineExceeded,

    /// <summary>The server is shutting down.</summary>
    Unavailable,

    /// <summary>The server does not do this.</summary>
    Unimplemented,

    /// <summary>The server's own fault; its log says more than the caller is told.</summary>
    Internal,
}
