"""What has been observed, and draws that agree with it."""
