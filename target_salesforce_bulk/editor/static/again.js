// A reload: the token has been moved out of the address, and this tab still knows it.
const token = sessionStorage.getItem("token");
if (token) {
  sessionStorage.removeItem("token"); // once: a token of an earlier run must not loop
  location.replace(`/?token=${encodeURIComponent(token)}`);
}
