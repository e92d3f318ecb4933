"""What the sidecar logs, and how a line looks."""

import json
import logging
import sys
import time

from pannier_server.log_writer import LogWriter


def configure_logging(*, level: str, style: str) -> None:
    """Log to standard error.

    Args:
        level: The least severe level to log: debug, info, warning or error.
        style: ``human``, or ``json`` for one JSON object a line.
    """
    handler = _handler()
    handler.setFormatter(_JsonFormatter() if style == "json" else _HumanFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # The AWS SDK logs requests and credentials' origins below this level.
    for noisy in ("botocore", "boto3", "urllib3", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _handler() -> logging.Handler:
    try:
        return LogWriter(sys.stderr.fileno())
    except (AttributeError, OSError):
        # It is closed, or something that is no file stands in for it.
        return logging.StreamHandler()


def _timestamp(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


class _HumanFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = f"{_timestamp(record)} {record.levelname.lower()}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _timestamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process_pid": record.process,
            "message": record.getMessage(),
            # Those of one kind of lines (`extra={"fields": ...}`).
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
