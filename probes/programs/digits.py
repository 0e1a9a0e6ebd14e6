import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

# handwritten digits, 28 by 28 pixels
train_set = datasets.MNIST("./data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(Subset(train_set, range(2000)), batch_size=64, shuffle=True)

model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)

# train, and show how it goes
for epoch in range(3):
    total_loss = 0
    correct = 0
    for images, labels in loader:
        outputs = model(images)
        loss = criterion(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
        correct += (torch.argmax(outputs, 1) == labels).sum().item()
    print(f"epoch {epoch + 1} loss {total_loss / len(loader):.4f} accuracy {correct / 2000:.4f}")
