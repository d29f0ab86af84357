// Sends the buyer back to the shop; without script they press the button.
document.getElementById("back").submit();
