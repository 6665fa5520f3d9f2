"""What every HTTP request passes, whichever transport it is for: REST or Socket.IO."""
