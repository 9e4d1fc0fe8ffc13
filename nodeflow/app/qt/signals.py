"""Connections of signals as a whole."""

from __future__ import annotations

from PySide6.QtCore import QMetaMethod, QObject


def silence(sender: QObject) -> None:
    """Cut all connections from the signals of an object but those that every object has, lambdas among them."""
    kind = sender.metaObject()
    for number in range(QObject.staticMetaObject.methodCount(), kind.methodCount()):
        method = kind.method(number)
        if method.methodType() == QMetaMethod.MethodType.Signal and sender.isSignalConnected(method):
            getattr(sender, method.name().toStdString()).disconnect()
