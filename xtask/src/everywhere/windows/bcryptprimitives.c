// A library of Windows 10 that Rust's standard library wants, and older versions of wine lack: it returns random bytes.

int __stdcall SystemFunction036(void *buffer, unsigned long length);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, unsigned long long length) {
  return SystemFunction036(buffer, (unsigned long)length);
}
